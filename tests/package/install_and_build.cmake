# cmake -D BUILD=<build directory> -D SOURCE=<repository> -D WORK=<scratch> -P install_and_build.cmake
# Installs into a scratch prefix, builds the example of engine/api there, runs it twice, and asks for the same answer.
cmake_minimum_required(VERSION 3.25)

function(must what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "${what} failed (${code}):\n${out}")
    endif()
    set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
must("installing" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
# The example alone, away from the repository, so that nothing of it can be found by accident.
file(COPY ${SOURCE}/tests/package/embedding ${SOURCE}/engine/api/example.cc DESTINATION ${WORK})
must("configuring the example" ${CMAKE_COMMAND} -G Ninja -S ${WORK}/embedding -B ${WORK}/build
    -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH=${WORK}/prefix -D EXAMPLE=${WORK}/example.cc)
must("building the example" ${CMAKE_COMMAND} --build ${WORK}/build)

must("running the example" ${WORK}/build/example ${WORK}/data)
if(NOT out MATCHES "\"position\": ?\"?0" OR NOT out MATCHES "position 0: [1-9][0-9]* bytes")
    message(FATAL_ERROR "the example did not record its first event:\n${out}")
endif()
must("running the example again" ${WORK}/build/example ${WORK}/data)
if(NOT out MATCHES "\"position\": ?\"?0")
    message(FATAL_ERROR "the same event, sent again, did not get its first answer:\n${out}")
endif()
must("asking the installed program for its version" ${WORK}/prefix/bin/daybook --version)
file(REMOVE_RECURSE ${WORK})

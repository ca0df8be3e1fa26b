# The four kinds of target. Source lists are explicit: a file that no CMakeLists.txt names fails tests/tidy.
#
#   daybook_library(name SOURCES a.cc ... DEPS daybook::base ... PRIVATE_DEPS RocksDB::rocksdb-shared ...)
#       library daybook_<name>, alias daybook::<name>. DEPS are seen by whoever links it, PRIVATE_DEPS are not.
#       Without sources it is an INTERFACE library.
#   daybook_program(name SOURCES main.cc ... DEPS ...)
#       a program, placed at the top of the build directory.
#   daybook_test(name SOURCES x_test.cc ... DEPS daybook::log ... LABELS fast ...)
#       a GoogleTest program of which each test is one ctest test. Labels:
#         fast (the default)  under two minutes all together; also run with the sanitizers
#         slow                run by ./check, not by ./check --fast
#         both                with the sanitizers as `fast`, and by ./check once more as it is shipped
#         kafka               needs a broker: ./check starts one and sets DAYBOOK_KAFKA_BOOTSTRAP; skipped without it
#         long                run by ./check --long only
#       TIMEOUT seconds for one test (600): against what hangs, not what is slow on a busy machine. The program runs in
#       its own build folder; DAYBOOK_PROGRAM names the program `daybook` for tests that start it.
#       Every label but `fast` is built by the target daybook_slow_tests, `fast` and `both` by daybook_fast_tests: ./check
#       builds the first as it is shipped and the second with the sanitizers.
#   daybook_benchmark(name SOURCES x.cc ... DEPS ...)
#       a program in <build>/bench.

function(daybook_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;PRIVATE_DEPS")
    set(target daybook_${name})
    if(arg_SOURCES)
        add_library(${target} STATIC ${arg_SOURCES})
        target_include_directories(${target} PUBLIC
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${DAYBOOK_GENERATED_DIR}>)
        target_link_libraries(${target} PUBLIC ${arg_DEPS}
            PRIVATE ${arg_PRIVATE_DEPS} $<BUILD_INTERFACE:daybook_warnings> $<BUILD_INTERFACE:daybook_hardening>)
    else()
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${DAYBOOK_GENERATED_DIR}>)
        target_link_libraries(${target} INTERFACE ${arg_DEPS})
    endif()
    add_library(daybook::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    set_property(GLOBAL APPEND PROPERTY DAYBOOK_LIBRARIES ${target})
endfunction()

function(daybook_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_DEPS} daybook_warnings daybook_hardening)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

function(daybook_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPS;LABELS")
    if(NOT arg_LABELS)
        set(arg_LABELS fast)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 600)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_DEPS} daybook::test_support GTest::gmock GTest::gtest_main
        daybook_warnings daybook_hardening_of_tests)
    target_compile_definitions(${name} PRIVATE
        DAYBOOK_SOURCE_DIR="${PROJECT_SOURCE_DIR}" DAYBOOK_PROGRAM="${PROJECT_BINARY_DIR}/daybook")
    gtest_discover_tests(${name}
        TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
    if(arg_LABELS MATCHES "^(fast|both)$")
        add_dependencies(daybook_fast_tests ${name})
    endif()
    if(NOT arg_LABELS STREQUAL "fast")
        add_dependencies(daybook_slow_tests ${name})
    endif()
endfunction()

function(daybook_benchmark name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_DEPS} daybook_warnings daybook_hardening)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    add_dependencies(daybook_benchmarks ${name})
endfunction()
add_custom_target(daybook_benchmarks)

# What is generated at build time; an include root beside the repository's own.
set(DAYBOOK_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)

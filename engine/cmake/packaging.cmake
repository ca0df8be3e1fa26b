# Installing, and find_package(daybook) for programs that embed the ledger:
#
#   find_package(daybook REQUIRED)
#   target_link_libraries(program PRIVATE daybook::daybook)      # #include <daybook/ledger.h>
#
# The libraries are static. What they are made with (RocksDB, protobuf, ...) is asked for by the package's config, from
# the same dependencies.cmake that builds them. The server and the command line are in the program only.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY DAYBOOK_LIBRARIES)
list(REMOVE_ITEM libraries daybook_server daybook_simulate daybook_cli)

add_library(daybook_daybook INTERFACE)
add_library(daybook::daybook ALIAS daybook_daybook)
set_target_properties(daybook_daybook PROPERTIES EXPORT_NAME daybook)
target_link_libraries(daybook_daybook INTERFACE ${libraries})
target_compile_features(daybook_daybook INTERFACE cxx_std_20)
target_include_directories(daybook_daybook INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/api/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# Public headers include one another from the repository's root, so that root is kept below include/daybook.
set(roots ${CMAKE_INSTALL_INCLUDEDIR}/daybook)
foreach(library IN LISTS libraries)
    target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${roots}>)
endforeach()

install(TARGETS ${libraries} daybook_daybook EXPORT daybook ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/daybook)
install(DIRECTORY engine/api/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY engine projections DESTINATION ${roots} FILES_MATCHING PATTERN "*.h"
        PATTERN internal EXCLUDE PATTERN include EXCLUDE PATTERN server EXCLUDE PATTERN cli EXCLUDE
        PATTERN cmake EXCLUDE PATTERN adr EXCLUDE)
install(DIRECTORY ${DAYBOOK_GENERATED_DIR}/ DESTINATION ${roots} FILES_MATCHING PATTERN "*.h")
if(TARGET daybook)
    install(TARGETS daybook RUNTIME)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/daybook)
install(EXPORT daybook NAMESPACE daybook:: FILE daybookTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/daybookConfig.cmake.in
    ${PROJECT_BINARY_DIR}/daybookConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/daybookConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/daybookConfig.cmake ${PROJECT_BINARY_DIR}/daybookConfigVersion.cmake
        ${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake DESTINATION ${package_dir})

# How every file of the project is compiled. The flags sit on two INTERFACE targets that daybook_targets.cmake links
# privately, so that nothing of it reaches generated code or a program that uses the installed package.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Line numbers are enough for a stack trace, and full debug information doubles the time to build and link.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(DAYBOOK_SANITIZE)
    set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()

# Paths below the common parent are hashed relative, so that build directories beside one another share the cache.
find_program(DAYBOOK_CCACHE ccache)
if(DAYBOOK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    cmake_path(GET PROJECT_SOURCE_DIR PARENT_PATH ccache_base)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${ccache_base} CCACHE_NOHASHDIR=1 ${DAYBOOK_CCACHE})
endif()

add_library(daybook_warnings INTERFACE)
# Not here, on purpose: -Wswitch-enum (it forbids `default` over a long generated enum; -Wswitch already names a
# missing case where there is no default) and -Wnull-dereference and -Wrestrict (GCC 12 reports them inside inlined
# library code: PR 105651 and others).
target_compile_options(daybook_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
    -Woverloaded-virtual -Wextra-semi -Wduplicated-cond -Wlogical-op -Wimplicit-fallthrough -Wno-restrict)

add_library(daybook_hardening INTERFACE)
add_library(daybook_hardening_of_tests INTERFACE)
if(DAYBOOK_SANITIZE)
    target_compile_options(daybook_hardening INTERFACE
        -fsanitize=${DAYBOOK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
        # A check at every access through a pointer: half of the time to compile (22 s to 12 s for custody/next.cc).
        # The address sanitizer reports a null pointer that is used, too.
        -fno-sanitize=null,alignment
        -Wno-maybe-uninitialized)  # a known false alarm of GCC 12 under instrumentation
    target_link_options(daybook_hardening INTERFACE -fsanitize=${DAYBOOK_SANITIZE})
    target_compile_definitions(daybook_hardening INTERFACE _GLIBCXX_ASSERTIONS DAYBOOK_SANITIZED)
    # The tests' own sources go without the undefined-behaviour sanitizer: it doubles the time to compile GoogleTest's
    # macros (26 s to 13 s for the largest), and what it is to see is the engine, whose libraries have it.
    string(REGEX REPLACE ",?undefined,?" "" tests_sanitize "${DAYBOOK_SANITIZE}")
    target_compile_options(daybook_hardening_of_tests INTERFACE
        $<$<BOOL:${tests_sanitize}>:-fsanitize=${tests_sanitize}> -fno-omit-frame-pointer -Wno-maybe-uninitialized)
    target_link_options(daybook_hardening_of_tests INTERFACE -fsanitize=${DAYBOOK_SANITIZE})
    target_compile_definitions(daybook_hardening_of_tests INTERFACE _GLIBCXX_ASSERTIONS DAYBOOK_SANITIZED)
else()
    target_compile_definitions(daybook_hardening INTERFACE
        _GLIBCXX_ASSERTIONS $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
    target_compile_options(daybook_hardening INTERFACE -fstack-protector-strong -fstack-clash-protection)
    target_link_options(daybook_hardening INTERFACE -Wl,-z,relro,-z,now)
    target_link_libraries(daybook_hardening_of_tests INTERFACE daybook_hardening)
endif()

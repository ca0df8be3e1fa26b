# Every library that the project uses, and the Debian 12 package that brings it. There is no download at build time.
# The file is also installed: a program that links the static libraries needs what stands in the first part as well.

# What is missing: the build stops; find_package(daybook) of another project answers that it is not found.
macro(daybook_missing name package)
    if(PROJECT_IS_TOP_LEVEL AND PROJECT_NAME STREQUAL "daybook")
        message(FATAL_ERROR "Daybook needs ${name}: apt-get install ${package}")
    endif()
    set(daybook_FOUND FALSE)
    set(daybook_NOT_FOUND_MESSAGE "Daybook needs ${name}: apt-get install ${package}")
    return()
endmacro()

# daybook_find(<debian package> <arguments of find_package ...>)
macro(daybook_find package name)
    find_package(${name} ${ARGN} QUIET)
    if(NOT ${name}_FOUND)
        daybook_missing(${name} ${package})
    endif()
endmacro()

# daybook_pkg(<debian package> <name> <pkg-config module>): the same for libraries with a pkg-config file only.
macro(daybook_pkg package name module)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
    if(NOT ${name}_FOUND)
        daybook_missing(${module} ${package})
    endif()
endmacro()

# ---- What the libraries that are installed are made with. ----
daybook_find(g++ Threads)
daybook_find(pkg-config PkgConfig)
daybook_find(libexpected-dev tl-expected CONFIG)             # tl::expected
daybook_find(libssl-dev OpenSSL 3.0)                         # OpenSSL::Crypto
daybook_find(libprotobuf-dev Protobuf 3.21 MODULE)           # protobuf::libprotobuf
daybook_find(librocksdb-dev RocksDB 7.8 CONFIG)              # RocksDB::rocksdb-shared
daybook_pkg(librdkafka-dev rdkafka rdkafka)                  # PkgConfig::rdkafka
daybook_pkg(libxxhash-dev xxhash libxxhash)                  # PkgConfig::xxhash
daybook_find(libspdlog-dev spdlog CONFIG)                    # spdlog::spdlog

# ---- What the program, the generators, the tests and the benchmarks are made with besides. ----
if(PROJECT_IS_TOP_LEVEL AND PROJECT_NAME STREQUAL "daybook")
    daybook_find(libboost1.81-dev Boost 1.81)                # Boost::headers
    daybook_find(prometheus-cpp-dev prometheus-cpp CONFIG)   # prometheus-cpp::core
    daybook_find(libcli11-dev CLI11 CONFIG)                  # CLI11::CLI11
    daybook_find(libtomlplusplus-dev tomlplusplus CONFIG)    # tomlplusplus::tomlplusplus
    daybook_find(protobuf-compiler Protobuf MODULE)          # protobuf::protoc
    daybook_find(python3 Python3 COMPONENTS Interpreter)     # schemas/generate_state_machine.py
    if(DAYBOOK_BUILD_TESTS)
        daybook_find(libgtest-dev GTest)                     # GTest::gtest_main, GTest::gmock
        daybook_find(librapidcheck-dev rapidcheck CONFIG)    # rapidcheck
    endif()
    if(DAYBOOK_BUILD_BENCH)
        daybook_find(libbenchmark-dev benchmark CONFIG)      # benchmark::benchmark
    endif()
endif()

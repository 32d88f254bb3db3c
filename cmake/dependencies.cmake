# What comes from Debian 12 (script/bootstrap installs it; docs/adr says why each).
# Boost is used header-only except for Boost.JSON.
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose)
if(TOLLGATE_TESTS)
  find_package(GTest REQUIRED)
endif()

# Debian ships llhttp's C sources with node-llhttp; they are compiled in, strict.
set(LLHTTP_DIR /usr/share/llhttp)
add_library(llhttp STATIC ${LLHTTP_DIR}/llhttp.c ${LLHTTP_DIR}/api.c ${LLHTTP_DIR}/http.c)
target_compile_options(llhttp PRIVATE -std=c11 -w)
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)

add_library(tollgate_external INTERFACE)
target_compile_definitions(tollgate_external INTERFACE
  BOOST_ASIO_NO_DEPRECATED
  # Coroutine frames kept per thread: two, the default, send most of them to malloc.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=32
  BOOST_ASIO_DISABLE_BOOST_COROUTINE SPDLOG_FMT_EXTERNAL)
target_link_libraries(tollgate_external INTERFACE
  Boost::headers Boost::json OpenSSL::SSL OpenSSL::Crypto fmt::fmt spdlog::spdlog
  yaml-cpp CLI11::CLI11 prometheus-cpp::core
  PkgConfig::SQLITE3 PkgConfig::SODIUM PkgConfig::SIMDJSON llhttp)

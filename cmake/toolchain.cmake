# Compiler checks and the flags every target shares. clang-19 is the supported
# compiler: g++ 12 miscompiles coroutines (docs/adr/0001-clang-19.md).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Tollgate is built with clang 19 or later: use a preset (cmake --preset dev).")
endif()

set(CMAKE_THREAD_PREFER_PTHREAD ON)
find_package(Threads REQUIRED)

add_library(tollgate_flags INTERFACE)
target_compile_options(tollgate_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    -Wthread-safety -Wunused -Wimplicit-fallthrough -Werror>)
target_link_libraries(tollgate_flags INTERFACE Threads::Threads)
target_link_options(tollgate_flags INTERFACE -fuse-ld=lld-19)

# ccache serves precompiled headers only with these two allowances and without the time stamp
# that clang writes into them (ccache's manual, "Precompiled headers").
find_program(TOLLGATE_CCACHE ccache)
if(TOLLGATE_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${TOLLGATE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# The precompiled headers that every room (and every test program) reuses: parsing Asio and
# Boost.JSON costs 3 seconds a file, and there are many files.
function(tollgate_precompiled name)
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
  target_link_libraries(${name} PRIVATE tollgate_flags tollgate_external)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

# A test is compiled as often as it is run: optimising it would cost more than it saves, but under
# ThreadSanitizer. What it tests is optimised.
set(TOLLGATE_TEST_FLAGS "" CACHE STRING "Further flags of the unit tests")

tollgate_precompiled(tollgate_precompiled ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
if(TOLLGATE_TESTS)
  tollgate_precompiled(tollgate_precompiled_test
    ${CMAKE_SOURCE_DIR}/cmake/precompiled.h <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(tollgate_precompiled_test PRIVATE GTest::gmock)
  target_compile_options(tollgate_precompiled_test PRIVATE ${TOLLGATE_TEST_FLAGS})
endif()

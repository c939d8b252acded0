# Compiler flags, as one interface target. What the sources include is rooted at include/ and at the
# project itself (<selat/err.h>, <sensor/flow/view.h>).
add_library(selat_flags INTERFACE)
target_compile_features(selat_flags INTERFACE c_std_11)
target_include_directories(selat_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
target_compile_definitions(selat_flags INTERFACE _GNU_SOURCE SELAT_VERSION="${PROJECT_VERSION}")
target_compile_options(selat_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror
  -Wstrict-prototypes -Wmissing-prototypes -fno-common)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O3 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")

set(SELAT_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them")
if(SELAT_SANITIZE)
  target_compile_options(selat_flags INTERFACE -fsanitize=${SELAT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(selat_flags INTERFACE -fsanitize=${SELAT_SANITIZE})
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  target_compile_options(selat_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection -fPIE)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(selat_flags INTERFACE -fcf-protection -march=x86-64-v2) # Hyperscan asks for SSSE3 too
    # Runs on all of these. gcc's generic tuning clears a packet with "rep stos", which begins slowly.
    target_compile_options(selat_flags INTERFACE -mtune=skylake)
  endif()
  target_link_options(selat_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# The libraries this project is built on, all Debian packages (docs/dependencies.md says why each).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)

function(selat_find name module alias)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(${alias} ALIAS PkgConfig::${name})
endfunction()

selat_find(PCAP libpcap Pcap::Pcap)
selat_find(HYPERSCAN libhs Hyperscan::Hyperscan)
selat_find(JANSSON jansson Jansson::Jansson)
selat_find(YAML yaml-0.1 Yaml::Yaml)
selat_find(RDKAFKA rdkafka Rdkafka::Rdkafka)
selat_find(XXHASH libxxhash Xxhash::Xxhash)
selat_find(NGHTTP2 libnghttp2 Nghttp2::Nghttp2)
selat_find(ZLIB zlib Zlib::Zlib)
selat_find(IDN2 libidn2 Idn2::Idn2)
selat_find(PSL libpsl Psl::Psl)
selat_find(BROTLI libbrotlidec Brotli::Decoder)
selat_find(PCRE2 libpcre2-8 Pcre2::Pcre2)

# The sensor scans and never compiles: it takes Hyperscan's runtime alone.
find_library(HS_RUNTIME hs_runtime REQUIRED HINTS ${HYPERSCAN_LIBRARY_DIRS})
add_library(Hyperscan::Runtime INTERFACE IMPORTED GLOBAL)
target_include_directories(Hyperscan::Runtime INTERFACE ${HYPERSCAN_INCLUDE_DIRS})
target_link_libraries(Hyperscan::Runtime INTERFACE ${HS_RUNTIME})

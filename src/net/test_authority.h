// TestAuthority: a certificate authority of the test's own, made anew each time, and the
// certificates it issues, as the files that the contexts of tls.h load.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "net/tls.h"

namespace tollgate::net {

struct CertificateFiles {
  std::string certificate;
  std::string key;
};

class TestAuthority {
 public:
  TestAuthority() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free) {
    std::string pattern = (std::filesystem::temp_directory_path() / "authority_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    certificate_ = make(key_.get(), std::filesystem::path(folder_).filename(), "", 3'600);
    write(file(), [&](std::FILE* out) { return PEM_write_X509(out, certificate_.get()); });
  }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority() { std::filesystem::remove_all(folder_); }

  std::string file() const { return folder_ + "/authority.pem"; }
  std::string folder() const { return folder_; }

  // `names` as in "DNS:localhost,IP:127.0.0.1"; valid for that many seconds from now (past: < 0).
  CertificateFiles issue(const std::string& names, long seconds = 3'600) {
    const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const Certificate certificate = make(key.get(), "Test Server", names, seconds);
    const std::string stem = folder_ + "/issued" + std::to_string(++issued_);
    const CertificateFiles files{stem + ".pem", stem + ".key"};
    write(files.certificate,
          [&](std::FILE* out) { return PEM_write_X509(out, certificate.get()); });
    write(files.key, [&](std::FILE* out) {
      return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
  }
  std::shared_ptr<const TlsServerContext> server(const std::string& names, long seconds = 3'600) {
    const CertificateFiles files = issue(names, seconds);
    return TlsServerContext::load(files.certificate, files.key).value();
  }
  std::shared_ptr<const TlsClientContext> client() const {
    return TlsClientContext::load({file()}).value();
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static void extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  // Signed by this authority; without names it is the authority's own.
  Certificate make(EVP_PKEY* key, const std::string& common_name, const std::string& names,
                   long seconds) {
    Certificate certificate(X509_new(), &X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7'200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509* issuer = names.empty() ? certificate.get() : certificate_.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
    if (names.empty()) {
      extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    } else {
      extend(certificate.get(), NID_subject_alt_name, names);
    }
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    return certificate;
  }
  template <class Writer>
  static void write(const std::string& path, Writer writer) {
    std::FILE* out = std::fopen(path.c_str(), "w");
    if (out == nullptr || writer(out) != 1) throw std::runtime_error("cannot write " + path);
    std::fclose(out);
  }

  std::string folder_;
  Key key_;
  Certificate certificate_{nullptr, &X509_free};
  int serial_ = 0;
  int issued_ = 0;
};

}  // namespace tollgate::net

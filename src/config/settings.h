// Settings: everything an installation can be told, typed, checked and complete.
//
// load_settings() (config/load.h) makes one from the file, the environment and the command line;
// server/ wires the rooms from it, on start and again on SIGHUP. A value: copy it freely. Money,
// tokens and addresses are parsed already, so nobody downstream meets a text that could be wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/master_key.h"
#include "base/secret.h"
#include "domain/credits.h"
#include "domain/ip.h"
#include "domain/money.h"
#include "domain/offer.h"
#include "domain/oidc_settings.h"
#include "domain/token.h"

namespace tollgate {

struct Settings {
  // Where to listen. The host is the text of an IP address (`localhost` is read as 127.0.0.1).
  struct Listen {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: the system picks one
  };

  // Whether a committed row survives power loss (kFull) or a crash of the process only (SPEC §11).
  enum class Durability { kFull, kProcess };

  // PEM files of our own listener. Both or neither are set; with them `listen` speaks TLS.
  struct Tls {
    std::string certificate;  // the chain, leaf first
    std::string private_key;
    bool enabled() const { return !certificate.empty(); }
  };

  // What a client may take from us (SPEC §7 "Client edge").
  struct Limits {
    std::size_t head_bytes = 32 * 1024;
    std::size_t head_fields = 100;
    std::size_t body_bytes = 32 * 1024 * 1024;
    std::chrono::seconds client_head_timeout{30};
    std::chrono::seconds client_body_timeout{60};  // of silence, while a body is awaited
    std::chrono::seconds idle_timeout{75};         // between two requests of a connection
    std::size_t connections_max = 20'000;
  };

  // The HTTP proxy that https upstreams are reached through (by CONNECT).
  struct Proxy {
    std::string host;  // a name, or the text of an IP address without brackets
    std::uint16_t port = 0;
    Secret credentials = {};  // "user:password", decoded; empty = none
  };

  std::string file;  // the file that was read; empty = none

  Listen listen;
  std::string data = "./data";
  std::string database_url = "sqlite";  // the only engine of this version
  Durability durability = Durability::kFull;
  int threads = 1;  // I/O threads; load_settings() sets the machine's number
  TokenFormat token_format = TokenFormat::standard();
  bool require_https = true;          // SPEC §3
  std::vector<Cidr> trusted_proxies;  // SPEC §3; none by default
  Tls tls;
  Limits limits;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  bool record_ip = true;                     // usage rows carry the client's address (SPEC §8)
  int retention_months = 13;                 // of usage rows
  int secret_age_warning_days = 90;          // older secrets show *time to rotate* (SPEC §2)
  Money credit_value = kCreditValueDefault;  // what one credit is worth (SPEC §5)

  std::optional<Proxy> https_proxy;
  // Hosts reached without it: "*", a name (its subdomains too, with or without a leading dot), or
  // an address or CIDR. Lower case; entries may end in ":PORT".
  std::vector<std::string> no_proxy;
  // What provider credentials made over the API are sealed with; nullopt: a file in the data
  // directory holds it.
  std::optional<MasterKey> master_key;

  std::string upstream_ca_file;  // PEM, believed beside the system's authorities; empty = none
  std::map<ProviderId, std::string> provider_ca_files;  // likewise, for one provider

  // Who people may sign in with, beside their passwords; nullopt: with nobody else.
  std::optional<OidcSettings> oidc;

  // Providers and offers as the file defines them (`source: file`).
  Catalogue catalogue;
};

}  // namespace tollgate

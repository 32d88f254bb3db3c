#include "cli/cli.h"
#include "server/server.h"

int main(int argc, char** argv) { return tollgate::run_cli(argc, argv, tollgate::serve); }

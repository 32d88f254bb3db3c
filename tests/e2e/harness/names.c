/* Makes host names mean what a test says: preloaded into a gateway by names.py, which writes "NAME ADDRESS..." lines
 * into a file. It is read at every look-up, so that a name may change its meaning. Other names go to the system. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*look_up)(const char*, const char*, const struct addrinfo*, struct addrinfo**);

static int literal(look_up real, const char* address, const char* service, const struct addrinfo* hints,
                   struct addrinfo** found) {
  struct addrinfo numeric = {0};
  if (hints != NULL) numeric = *hints;
  numeric.ai_flags = AI_NUMERICHOST;
  numeric.ai_family = AF_UNSPEC;
  return real(address, service, &numeric, found);
}

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  look_up real = (look_up)dlsym(RTLD_NEXT, "getaddrinfo");
  const char* path = getenv("PRELOADED_NAMES");
  if (node == NULL || path == NULL || (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0)) {
    return real(node, service, hints, found);
  }
  FILE* file = fopen(path, "re");
  if (file == NULL) return real(node, service, hints, found);
  char line[1024];
  int result = -1;
  struct addrinfo** end = found;
  *found = NULL;
  while (result != 0 && fgets(line, sizeof line, file) != NULL) {
    char* rest = NULL;
    const char* name = strtok_r(line, " \n", &rest);
    if (name == NULL || strcmp(name, node) != 0) continue;
    for (const char* address; (address = strtok_r(NULL, " \n", &rest)) != NULL;) {
      if (literal(real, address, service, hints, end) != 0) continue;
      result = 0;
      while (*end != NULL) end = &(*end)->ai_next;
    }
    if (result != 0) result = EAI_NONAME;
    break;
  }
  fclose(file);
  return result == -1 ? real(node, service, hints, found) : result;
}

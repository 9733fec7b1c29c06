/* Try to reach a TCP port of loopback: as a program (its argument) and as a library (`reach`). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int reach(int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    int failed = 0, way = socket(AF_INET, SOCK_STREAM, 0);
    if (way < 0) return errno;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(way, (struct sockaddr *)&there, sizeof there)) failed = errno;
    close(way);
    return failed;
}

int main(int count, char **words) {
    int failed = count > 1 ? reach(atoi(words[1])) : EINVAL;
    puts(failed ? strerror(failed) : "reached");
    return failed != 0;
}

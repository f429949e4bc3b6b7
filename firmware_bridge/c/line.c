/* A tty or a new pseudo-terminal. What is promised is in line.h. */
#define _XOPEN_SOURCE 600
#define _DEFAULT_SOURCE /* the rates above 38,400 */

#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

const uint32_t line_rates[LINE_RATES] = {9600,   19200,  38400,  57600,
                                         115200, 230400, 460800, 921600};
static const speed_t SPEEDS[LINE_RATES] = {B9600,   B19200,  B38400,  B57600,
                                           B115200, B230400, B460800, B921600};

static bool set_mode(int descriptor, uint32_t baud)
{
    struct termios mode;
    size_t rate = 0;
    while (rate < LINE_RATES && line_rates[rate] != baud)
        rate++;
    errno = EINVAL;
    if (rate == LINE_RATES || tcgetattr(descriptor, &mode) != 0)
        return false;
    mode.c_iflag = mode.c_oflag = mode.c_lflag = 0; /* raw, 8N1 */
    mode.c_cflag = CS8 | CREAD | CLOCAL;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return cfsetispeed(&mode, SPEEDS[rate]) == 0 && cfsetospeed(&mode, SPEEDS[rate]) == 0 &&
           tcsetattr(descriptor, TCSANOW, &mode) == 0;
}

/* An old link is replaced, anything else is not. */
static bool make_link(const char *link, const char *slave)
{
    struct stat found;
    if (lstat(link, &found) == 0 && S_ISLNK(found.st_mode) && unlink(link) != 0)
        return false;
    return symlink(slave, link) == 0;
}

static bool open_pty(line *it)
{
    it->descriptor = posix_openpt(O_RDWR | O_NOCTTY);
    if (it->descriptor < 0 || grantpt(it->descriptor) != 0 || unlockpt(it->descriptor) != 0)
        return false;
    const char *slave = ptsname(it->descriptor);
    if (slave == NULL || (it->kept_slave = open(slave, O_RDWR | O_NOCTTY)) < 0)
        return false;
    snprintf(it->path, sizeof it->path, "%s", it->link != NULL ? it->link : slave);
    if (!set_mode(it->kept_slave, 115200) || (it->link != NULL && !make_link(it->link, slave)))
        return false;
    return fcntl(it->descriptor, F_SETFL, fcntl(it->descriptor, F_GETFL) | O_NONBLOCK) == 0;
}

bool line_open(line *it, const char *tty, uint32_t baud)
{
    bool is_pty = strcmp(tty, "pty") == 0 || strncmp(tty, "pty:", 4) == 0;
    *it = (line){.descriptor = -1, .kept_slave = -1};
    if (is_pty) {
        it->link = tty[3] == ':' ? tty + 4 : NULL;
        return open_pty(it);
    }
    snprintf(it->path, sizeof it->path, "%s", tty);
    it->descriptor = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
    return it->descriptor >= 0 && set_mode(it->descriptor, baud);
}

bool line_set_rate(const line *it, uint32_t baud)
{
    if (it->kept_slave >= 0)
        return true; /* the instrument's end of a pty has no rate */
    return tcdrain(it->descriptor) == 0 && set_mode(it->descriptor, baud);
}

bool line_write(line *it, const uint8_t *bytes, size_t count)
{
    ssize_t written = write(it->descriptor, bytes, count);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    it->unheard_bytes += count - (size_t)(written > 0 ? written : 0);
    return true;
}

long line_read(const line *it, uint8_t *bytes, size_t room, int wait_ms)
{
    struct pollfd waited = {.fd = it->descriptor, .events = POLLIN};
    if (poll(&waited, 1, wait_ms) <= 0)
        return 0;
    ssize_t got = read(it->descriptor, bytes, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got > 0 ? got : -1;
}

void line_close(const line *it)
{
    if (it->link != NULL)
        unlink(it->link);
    close(it->descriptor);
    if (it->kept_slave >= 0)
        close(it->kept_slave);
}

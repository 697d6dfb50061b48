/* The list of proxies: from the words of the options to networks, and who is in one. */
#include "net/trust.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    bask_str word;
    bask_str nets[2];
} words[] = {
    {BASK_STR("loopback"), {BASK_STR("127.0.0.0/8"), BASK_STR("::1")}},
    {BASK_STR("any"), {BASK_STR("::/0")}},
};

static int
add_net(struct bask_trust *trust, bask_str text)
{
    struct bask_ip_net net, *grown;
    int err = bask_ip_net_parse(text, &net);
    if (err)
        return err;
    grown = realloc(trust->nets, (trust->count + 1) * sizeof *trust->nets);
    if (!grown)
        return BASK_E_NOMEM;
    trust->nets = grown;
    trust->nets[trust->count++] = net;
    return BASK_OK;
}

static int
add_word(struct bask_trust *trust, bask_str text)
{
    int err = BASK_OK;
    trust->local |= bask_str_eq(text, BASK_STR("unix")) || bask_str_eq(text, BASK_STR("any"));
    if (bask_str_eq(text, BASK_STR("unix")))
        return BASK_OK;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bask_str_eq(text, words[i].word)) {
            for (size_t k = 0; k < 2 && words[i].nets[k].len && !err; k++)
                err = add_net(trust, words[i].nets[k]);
            return err;
        }
    return add_net(trust, text);
}

/* One value of the option: words with commas between them. */
static int
add_value(struct bask_trust *trust, bask_str value, char *error, size_t error_size)
{
    for (bool more = true; more;) {
        bask_str word = value;
        more = bask_str_cut(value, ',', &word, &value);
        word = bask_str_trim(word);
        int err = add_word(trust, word);
        if (err == BASK_E_SYNTAX)
            snprintf(error, error_size,
                     "--trusted-proxy \"%.*s\": expected an address, a network like 10.0.0.0/8 "
                     "(no bits set behind its length), loopback, unix or any",
                     BASK_FMT(word));
        if (err)
            return err;
    }
    return BASK_OK;
}

static int
choose_fields(struct bask_trust *trust, bask_str name, char *error, size_t error_size)
{
    if (!name.ptr)
        return BASK_OK;
    trust->forwarded = bask_str_eq(name, BASK_STR("x-forwarded")) ? BASK_FORWARDED_X
                       : bask_str_eq(name, BASK_STR("forwarded")) ? BASK_FORWARDED_STANDARD
                                                                  : BASK_FORWARDED_NONE;
    if (trust->forwarded)
        return BASK_OK;
    snprintf(error, error_size, "--forwarded \"%.*s\": expected x-forwarded or forwarded",
             BASK_FMT(name));
    return BASK_E_SYNTAX;
}

int
bask_trust_init(struct bask_trust *trust, const struct bask_socket_options *options, char *error,
                size_t error_size)
{
    *trust = (struct bask_trust){0};
    snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
    int err = choose_fields(trust, options->forwarded, error, error_size);
    if (!err && !options->trusted.count)
        err = add_value(trust, BASK_STR("loopback,unix"), error, error_size);
    for (size_t i = 0; i < options->trusted.count && !err; i++)
        err = add_value(trust, options->trusted.items[i].text, error, error_size);
    if (err)
        bask_trust_fini(trust);
    return err;
}

void
bask_trust_fini(struct bask_trust *trust)
{
    free(trust->nets);
    *trust = (struct bask_trust){0};
}

bool
bask_trust_has(const struct bask_trust *trust, const struct bask_ip *ip)
{
    for (size_t i = 0; i < trust->count; i++)
        if (bask_ip_net_has(&trust->nets[i], ip))
            return true;
    return false;
}

bool
bask_trust_has_peer(const struct bask_trust *trust, const char *address)
{
    struct bask_ip ip;
    if (!*address)
        return trust->local;
    return !bask_ip_parse(bask_str_of(address), &ip) && bask_trust_has(trust, &ip);
}

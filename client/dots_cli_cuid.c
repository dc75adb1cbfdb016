#include <errno.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "dots_cli_cuid.h"


#define DOTS_CLI_CUID_BYTES 16


/* RFC 4648 section 5, without the two trailing "=". */

static void
dots_cli_cuid_encode(const uint8_t bytes[DOTS_CLI_CUID_BYTES],
    char cuid[DOTS_CLI_CUID_LEN + 1])
{
    size_t              i;
    uint32_t            bits;
    char               *p;
    static const char   alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz0123456789-_";

    p = cuid;

    for (i = 0; i + 2 < DOTS_CLI_CUID_BYTES; i += 3) {
        bits = (uint32_t) bytes[i] << 16 | (uint32_t) bytes[i + 1] << 8
               | bytes[i + 2];
        *p++ = alphabet[bits >> 18];
        *p++ = alphabet[bits >> 12 & 63];
        *p++ = alphabet[bits >> 6 & 63];
        *p++ = alphabet[bits & 63];
    }

    *p++ = alphabet[bytes[i] >> 2];
    *p++ = alphabet[(bytes[i] & 3) << 4];
    *p = '\0';
}


static X509 *
dots_cli_cuid_read(const char *path, dots_fault_t *f)
{
    FILE  *in;
    X509  *cert;

    in = fopen(path, "re");

    if (in == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "cert", "cert: %s: %s",
                          path, strerror(errno));
        return NULL;
    }

    cert = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);

    if (cert == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "cert",
                          "cert: %s is not a certificate in PEM form", path);
    }

    return cert;
}


int
dots_cli_cuid(const char *path, char cuid[DOTS_CLI_CUID_LEN + 1],
    dots_fault_t *f)
{
    int             n, ok;
    X509           *cert;
    uint8_t         hash[EVP_MAX_MD_SIZE];
    unsigned char  *der;

    cert = dots_cli_cuid_read(path, f);
    if (cert == NULL) {
        return DOTS_INVALID;
    }

    der = NULL;
    n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    ok = n > 0
         && EVP_Digest(der, (size_t) n, hash, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    X509_free(cert);

    if (!ok) {
        return DOTS_ERROR;
    }

    dots_cli_cuid_encode(hash, cuid);

    return DOTS_OK;
}


int
dots_cli_cuid_psk(const char *identity, char cuid[DOTS_CLI_CUID_LEN + 1])
{
    uint8_t  hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(identity, strlen(identity), hash, NULL, EVP_sha256(), NULL)
        != 1)
    {
        return DOTS_ERROR;
    }

    dots_cli_cuid_encode(hash, cuid);

    return DOTS_OK;
}


int
dots_cli_cuid_random(char cuid[DOTS_CLI_CUID_LEN + 1])
{
    uint8_t  bytes[DOTS_CLI_CUID_BYTES];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return DOTS_ERROR;
    }

    dots_cli_cuid_encode(bytes, cuid);

    return DOTS_OK;
}


/* Nobody sits there during an attack: no question may be asked. */

static int
dots_cli_cuid_no_passphrase(char *buf, int size, int rwflag, void *data)
{
    (void) buf;
    (void) size;
    (void) rwflag;
    (void) data;

    return -1;
}


static EVP_PKEY *
dots_cli_cuid_read_key(const char *path, dots_fault_t *f)
{
    FILE      *in;
    EVP_PKEY  *key;

    in = fopen(path, "re");

    if (in == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "key", "key: %s: %s",
                          path, strerror(errno));
        return NULL;
    }

    key = PEM_read_PrivateKey(in, NULL, dots_cli_cuid_no_passphrase, NULL);
    fclose(in);

    if (key == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "key",
                          "key: %s is not a private key in PEM form without a "
                          "passphrase", path);
    }

    return key;
}


int
dots_cli_cuid_key(const char *cert_path, const char *key_path, dots_fault_t *f)
{
    int        match;
    X509      *cert;
    EVP_PKEY  *key;

    cert = dots_cli_cuid_read(cert_path, f);
    if (cert == NULL) {
        return DOTS_INVALID;
    }

    key = dots_cli_cuid_read_key(key_path, f);
    match = key != NULL && X509_check_private_key(cert, key) == 1;

    if (key != NULL && !match) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "key",
                          "key: %s is not the key of %s", key_path, cert_path);
    }

    EVP_PKEY_free(key);
    X509_free(cert);

    return match ? DOTS_OK : DOTS_INVALID;
}


const char *
dots_cli_cuid_dated(const char *path)
{
    X509         *cert;
    const char   *text;
    dots_fault_t  f;

    cert = path != NULL ? dots_cli_cuid_read(path, &f) : NULL;
    if (cert == NULL) {
        return "";
    }

    text = X509_cmp_current_time(X509_get0_notAfter(cert)) < 0
           ? "; by this machine's clock \"cert\" has expired"
           : X509_cmp_current_time(X509_get0_notBefore(cert)) > 0
           ? "; by this machine's clock \"cert\" is not valid yet"
           : "";

    X509_free(cert);

    return text;
}

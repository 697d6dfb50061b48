/*
 * The CGI variables that almost every request carries, numbered.
 *
 * A parser that meets one of these names reports its number instead of its bytes, and a plugin
 * keeps a ready-made string of its language for each number. Names that are not listed travel as
 * bytes. Rows are only ever added at the end: the numbers are part of the plugin ABI.
 *
 * X(symbol, header, variable): `header` is the HTTP field name in lower case, "" for variables that
 * no HTTP field gives; `variable` is the CGI name (RFC 3875 4.1).
 */
#pragma once

#define BASK_ENVIRON_KEYS(X)                                                                       \
    X(HTTP_HOST, "host", "HTTP_HOST")                                                              \
    X(HTTP_USER_AGENT, "user-agent", "HTTP_USER_AGENT")                                            \
    X(HTTP_ACCEPT, "accept", "HTTP_ACCEPT")                                                        \
    X(HTTP_ACCEPT_ENCODING, "accept-encoding", "HTTP_ACCEPT_ENCODING")                             \
    X(HTTP_ACCEPT_LANGUAGE, "accept-language", "HTTP_ACCEPT_LANGUAGE")                             \
    X(HTTP_ACCEPT_CHARSET, "accept-charset", "HTTP_ACCEPT_CHARSET")                                \
    X(HTTP_CONNECTION, "connection", "HTTP_CONNECTION")                                            \
    X(HTTP_COOKIE, "cookie", "HTTP_COOKIE")                                                        \
    X(HTTP_REFERER, "referer", "HTTP_REFERER")                                                     \
    X(HTTP_CACHE_CONTROL, "cache-control", "HTTP_CACHE_CONTROL")                                   \
    X(HTTP_PRAGMA, "pragma", "HTTP_PRAGMA")                                                        \
    X(HTTP_AUTHORIZATION, "authorization", "HTTP_AUTHORIZATION")                                   \
    X(HTTP_ORIGIN, "origin", "HTTP_ORIGIN")                                                        \
    X(HTTP_IF_MODIFIED_SINCE, "if-modified-since", "HTTP_IF_MODIFIED_SINCE")                       \
    X(HTTP_IF_NONE_MATCH, "if-none-match", "HTTP_IF_NONE_MATCH")                                   \
    X(HTTP_IF_MATCH, "if-match", "HTTP_IF_MATCH")                                                  \
    X(HTTP_IF_UNMODIFIED_SINCE, "if-unmodified-since", "HTTP_IF_UNMODIFIED_SINCE")                 \
    X(HTTP_IF_RANGE, "if-range", "HTTP_IF_RANGE")                                                  \
    X(HTTP_RANGE, "range", "HTTP_RANGE")                                                           \
    X(HTTP_EXPECT, "expect", "HTTP_EXPECT")                                                        \
    X(HTTP_UPGRADE, "upgrade", "HTTP_UPGRADE")                                                     \
    X(HTTP_UPGRADE_INSECURE_REQUESTS, "upgrade-insecure-requests",                                 \
      "HTTP_UPGRADE_INSECURE_REQUESTS")                                                            \
    X(HTTP_TRANSFER_ENCODING, "transfer-encoding", "HTTP_TRANSFER_ENCODING")                       \
    X(HTTP_TE, "te", "HTTP_TE")                                                                    \
    X(HTTP_TRAILER, "trailer", "HTTP_TRAILER")                                                     \
    X(HTTP_VIA, "via", "HTTP_VIA")                                                                 \
    X(HTTP_DNT, "dnt", "HTTP_DNT")                                                                 \
    X(HTTP_PRIORITY, "priority", "HTTP_PRIORITY")                                                  \
    X(HTTP_FORWARDED, "forwarded", "HTTP_FORWARDED")                                               \
    X(HTTP_X_FORWARDED_FOR, "x-forwarded-for", "HTTP_X_FORWARDED_FOR")                             \
    X(HTTP_X_FORWARDED_PROTO, "x-forwarded-proto", "HTTP_X_FORWARDED_PROTO")                       \
    X(HTTP_X_FORWARDED_HOST, "x-forwarded-host", "HTTP_X_FORWARDED_HOST")                          \
    X(HTTP_X_FORWARDED_PORT, "x-forwarded-port", "HTTP_X_FORWARDED_PORT")                          \
    X(HTTP_X_REAL_IP, "x-real-ip", "HTTP_X_REAL_IP")                                               \
    X(HTTP_X_REQUEST_ID, "x-request-id", "HTTP_X_REQUEST_ID")                                      \
    X(HTTP_X_REQUESTED_WITH, "x-requested-with", "HTTP_X_REQUESTED_WITH")                          \
    X(HTTP_X_CSRFTOKEN, "x-csrftoken", "HTTP_X_CSRFTOKEN")                                         \
    X(HTTP_SEC_FETCH_SITE, "sec-fetch-site", "HTTP_SEC_FETCH_SITE")                                \
    X(HTTP_SEC_FETCH_MODE, "sec-fetch-mode", "HTTP_SEC_FETCH_MODE")                                \
    X(HTTP_SEC_FETCH_DEST, "sec-fetch-dest", "HTTP_SEC_FETCH_DEST")                                \
    X(HTTP_SEC_FETCH_USER, "sec-fetch-user", "HTTP_SEC_FETCH_USER")                                \
    X(HTTP_SEC_CH_UA, "sec-ch-ua", "HTTP_SEC_CH_UA")                                               \
    X(HTTP_SEC_CH_UA_MOBILE, "sec-ch-ua-mobile", "HTTP_SEC_CH_UA_MOBILE")                          \
    X(HTTP_SEC_CH_UA_PLATFORM, "sec-ch-ua-platform", "HTTP_SEC_CH_UA_PLATFORM")                    \
    X(HTTP_SEC_WEBSOCKET_KEY, "sec-websocket-key", "HTTP_SEC_WEBSOCKET_KEY")                       \
    X(HTTP_SEC_WEBSOCKET_VERSION, "sec-websocket-version", "HTTP_SEC_WEBSOCKET_VERSION")           \
    X(HTTP_SEC_WEBSOCKET_PROTOCOL, "sec-websocket-protocol", "HTTP_SEC_WEBSOCKET_PROTOCOL")        \
    X(HTTP_SEC_WEBSOCKET_EXTENSIONS, "sec-websocket-extensions", "HTTP_SEC_WEBSOCKET_EXTENSIONS")  \
    X(HTTP_TRACEPARENT, "traceparent", "HTTP_TRACEPARENT")                                         \
    X(HTTP_TRACESTATE, "tracestate", "HTTP_TRACESTATE")                                            \
    X(CONTENT_TYPE, "content-type", "CONTENT_TYPE")                                                \
    X(CONTENT_LENGTH, "content-length", "CONTENT_LENGTH")                                          \
    X(REQUEST_METHOD, "", "REQUEST_METHOD")                                                        \
    X(REQUEST_URI, "", "REQUEST_URI")                                                              \
    X(PATH_INFO, "", "PATH_INFO")                                                                  \
    X(QUERY_STRING, "", "QUERY_STRING")                                                            \
    X(SCRIPT_NAME, "", "SCRIPT_NAME")                                                              \
    X(SERVER_NAME, "", "SERVER_NAME")                                                              \
    X(SERVER_PORT, "", "SERVER_PORT")                                                              \
    X(SERVER_PROTOCOL, "", "SERVER_PROTOCOL")                                                      \
    X(REQUEST_SCHEME, "", "REQUEST_SCHEME")                                                        \
    X(HTTPS, "", "HTTPS")                                                                          \
    X(REMOTE_ADDR, "", "REMOTE_ADDR")                                                              \
    X(REMOTE_PORT, "", "REMOTE_PORT")                                                              \
    X(REMOTE_USER, "", "REMOTE_USER")                                                              \
    X(REMOTE_HOST, "", "REMOTE_HOST")                                                              \
    X(AUTH_TYPE, "", "AUTH_TYPE")                                                                  \
    X(DOCUMENT_ROOT, "", "DOCUMENT_ROOT")                                                          \
    X(DOCUMENT_URI, "", "DOCUMENT_URI")                                                            \
    X(GATEWAY_INTERFACE, "", "GATEWAY_INTERFACE")                                                  \
    X(UWSGI_SCHEME, "", "UWSGI_SCHEME")

enum bask_environ_key {
    BASK_KEY_UNKNOWN = -1,
#define X(symbol, header, variable) BASK_KEY_##symbol,
    BASK_ENVIRON_KEYS(X)
#undef X
        BASK_KEY_COUNT
};

/* Request methods that have a number (RFC 9110 9, RFC 5789, and WebDAV's, RFC 4918). */
#define BASK_METHODS(X)                                                                            \
    X(GET)                                                                                         \
    X(HEAD)                                                                                        \
    X(POST)                                                                                        \
    X(PUT)                                                                                         \
    X(DELETE)                                                                                      \
    X(PATCH)                                                                                       \
    X(OPTIONS)                                                                                     \
    X(CONNECT)                                                                                     \
    X(TRACE)                                                                                       \
    X(PROPFIND)                                                                                    \
    X(PROPPATCH)                                                                                   \
    X(MKCOL)                                                                                       \
    X(COPY)                                                                                        \
    X(MOVE)                                                                                        \
    X(LOCK)                                                                                        \
    X(UNLOCK)                                                                                      \
    X(REPORT)                                                                                      \
    X(SEARCH)

enum bask_method {
    BASK_METHOD_OTHER = -1,
#define X(name) BASK_METHOD_##name,
    BASK_METHODS(X)
#undef X
        BASK_METHOD_COUNT
};

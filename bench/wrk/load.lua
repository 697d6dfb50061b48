-- The one script of the load generator: a fixed request, and a result that a program can read.
--
--   wrk ... -s load.lua URL -- METHOD [BODY_FILE CONTENT_TYPE [DELAY_MS [PIPELINE]]]
--
-- An empty BODY_FILE is none. With DELAY_MS each connection waits so long between two requests; with
-- PIPELINE it sends so many at once and then waits for all their answers.
--
-- init() only says what the request is; wrk builds it once, right after. With no request() function
-- here it sends the same bytes each time without calling Lua: a POST costs it no more than a GET.

function init(args)
    wrk.method = args[1] or "GET"
    if args[2] and args[2] ~= "" then
        local file = assert(io.open(args[2], "rb"))
        wrk.body = file:read("*a")
        file:close()
        wrk.headers["Content-Type"] = args[3]
    end
    local pause = tonumber(args[4] or 0)
    if pause > 0 then
        function delay() return pause end
    end
    local depth = tonumber(args[5] or 1)
    if depth > 1 then
        local burst = string.rep(wrk.format(), depth)
        function request() return burst end
    end
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        'RESULT {"requests": %d, "microseconds": %d, "bytes": %d, ' ..
        '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d, ' ..
        '"p50_us": %d, "p99_us": %d, "max_us": %d}\n',
        summary.requests, summary.duration, summary.bytes,
        e.connect, e.read, e.write, e.status, e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end

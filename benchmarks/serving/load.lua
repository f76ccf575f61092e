-- Sends forms that were built beforehand, in turn, each client over one kept connection.
--
--   wrk --threads N --connections N --script load.lua [...] URL -- FOLDER COUNT CONTENT_TYPE
--
-- FOLDER holds the bodies as files named 1 to COUNT. Each thread has one connection, so that a
-- thread's clock is its client's: wrk's own latencies are none of single requests, since it adds
-- what it thinks a slow answer kept from being asked, and it never counts a request that stays
-- without an answer. Prints one line of JSON at the end.

local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *);")
local MONOTONIC = 1

local now_is = ffi.new("moment")

local function now()
   ffi.C.clock_gettime(MONOTONIC, now_is)
   return tonumber(now_is.s) + tonumber(now_is.ns) * 1e-9
end

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   local folder, count = args[1], tonumber(args[2])
   wrk.method = "POST"
   wrk.headers["Content-Type"] = args[3]
   forms = {}
   for i = 1, count do
      local file = assert(io.open(folder .. "/" .. i, "rb"))
      forms[i] = wrk.format(nil, nil, nil, file:read("*a"))
      file:close()
   end
   -- Clients begin at different images, or all would ask for the same at the same time.
   turn = number
   latencies, refused, waiting_since = {}, 0, 0
end

function request()
   turn = turn + 1
   waiting_since = now()
   return forms[turn % #forms + 1]
end

function response(status)
   if status == 200 then
      latencies[#latencies + 1] = now() - waiting_since
   else
      refused = refused + 1
   end
   waiting_since = 0
end

function done(summary)
   local finish, seconds, unanswered, other = now(), {}, {}, 0
   for _, thread in ipairs(threads) do
      for _, latency in ipairs(thread:get("latencies")) do
         table.insert(seconds, string.format("%.6f", latency))
      end
      local since = thread:get("waiting_since")
      if since > 0 then
         table.insert(unanswered, string.format("%.6f", finish - since))
      end
      other = other + thread:get("refused")
   end
   local errors = summary.errors
   print(string.format(
      '{"seconds": %.6f, "latencies": [%s], "unanswered": [%s], "not_ok": %d, "broken": %d}',
      summary.duration / 1e6, table.concat(seconds, ","), table.concat(unanswered, ","), other,
      errors.connect + errors.read + errors.write))
end

-- 1,000 distinct paths over the Routes, and header values no proxy has seen before.
-- Arguments: number of Routes, number of distinct paths, number of keys (0: none).
local routes, paths, keys = 0, 0, 0
local count = 0
local seed = 0

function setup(thread)
  seed = seed + 1
  thread:set("seed", seed)
end

function init(args)
  routes, paths, keys = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  math.randomseed(seed)
end

function request()
  count = count + 1
  local route = math.random(0, paths - 1) * math.floor(routes / paths)
  local key = ""
  if keys > 0 then
    key = "apikey: key-" .. (count % keys) .. "\r\n"
  end
  return "GET /route-" .. route .. "/items HTTP/1.1\r\n" ..
    "Host: bench.test\r\n" ..
    "User-Agent: wrk/" .. (count % 97) .. "\r\n" ..
    "Accept: application/json\r\n" .. key ..
    "Cookie: session=" .. seed .. "-" .. count .. "; theme=dark\r\n" ..
    "X-Trace: " .. math.random(1, 1e9) .. "\r\n\r\n"
end

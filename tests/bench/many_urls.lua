-- Requests over many distinct addresses: most answered, some that cannot be read, a few that name nothing.
local n = tonumber(os.getenv("FIRST"))
local api = "/api/v1/benchmarks"

request = function()
  n = n + 1
  local kind = n % 100
  if kind == 0 then return wrk.format("GET", api .. "/nothing-" .. n) end
  if kind < 40 then return wrk.format("GET", api .. "?limit=" .. (1000 + n)) end
  return wrk.format("GET", api .. "/cheapest?model=qwen2:7b&min_tps=" .. (n * 7919 % 5000) / 1000)
end

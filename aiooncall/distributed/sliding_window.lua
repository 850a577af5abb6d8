-- One bucket of a limit over a sliding window: hands one process turns, each with the moment from which it counts.
--
-- A turn may begin a little later than now: then it is nobody else's, and nobody has to ask again and again for the next
-- one that comes free. In any period there are at most as many turns as the limit allows; bulk work leaves the reserve.
--
-- KEYS  1 the state (hash), 2 who shares the bucket (sorted set, by when they were last seen),
--       3 the turns (sorted set, by when they begin)
-- ARGV  1 now (0: by the clock here), 2 the process, 3 calls of people that wait, 4 calls of bulk work that are wanted,
--       5 limit, 6 period, 7 reserve, 8 how far ahead turns may begin,
--       9 for how long the server refuses (0: not), 10 and so on: turns that were not used

local SECOND = 1000000
local LEAST_TO_LEARN = 5    -- a refusal after fewer calls tells nothing of the limit
local AHEAD_SHARE = 8       -- of the limit, how much is handed out ahead to all together

local now, people, bulk = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * SECOND + time[2]
end
local limit, period, reserve, ahead = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local kept = redis.call('HMGET', KEYS[1], 'since', 'learned', 'learned_until', 'closed', 'last')
local since, learned, learned_until = tonumber(kept[1] or now), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
local closed, last = tonumber(kept[4] or 0), tonumber(kept[5] or 0)

for i = 10, #ARGV do redis.call('ZREM', KEYS[3], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - period)

local wait = tonumber(ARGV[9])
if wait > 0 then
  closed = math.max(closed, now + wait)
  local newest = redis.call('ZREVRANGEBYSCORE', KEYS[3], now, '-inf', 'LIMIT', 0, 1)
  if newest[1] then redis.call('ZREM', KEYS[3], newest[1]) end  -- the server did not count it
  local counted = redis.call('ZCOUNT', KEYS[3], '-inf', now)
  if counted >= LEAST_TO_LEARN then
    learned = math.min(now < learned_until and learned or limit, counted)
    learned_until = now + period
  end
end
if now < learned_until then limit = math.min(limit, learned) end

redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - math.max(2 * period, 10 * SECOND))
local workers = redis.call('ZCARD', KEYS[2])

local turns = {}
local count = redis.call('ZCARD', KEYS[3])
local function begins(allowed)
  if count < allowed then return now end
  local before = redis.call('ZRANGE', KEYS[3], count - allowed, count - allowed, 'WITHSCORES')
  return math.max(now, tonumber(before[2]) + period)
end

local function take(most, allowed)
  for _ = 1, most do
    local at = begins(allowed)
    if at > now + ahead then return end
    last, count = last + 1, count + 1
    redis.call('ZADD', KEYS[3], at, last)
    turns[#turns + 1], turns[#turns + 2] = last, at
  end
end

local for_bulk = math.max(1, limit - reserve)
if now >= closed then
  take(people, limit)
  local free = for_bulk - count
  local share = free > 0 and free / (2 * workers) or for_bulk / (AHEAD_SHARE * workers)
  take(math.min(bulk, math.ceil(share)), for_bulk)
end
local opens = math.max(closed, begins(people > 0 and limit or for_bulk))

redis.call('HSET', KEYS[1], 'since', string.format('%.0f', since), 'learned', learned, 'learned_until',
           string.format('%.0f', learned_until), 'closed', string.format('%.0f', closed), 'last', last)
local lifetime = math.ceil((2 * period + math.max(0, closed - now)) / 1000)
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], lifetime) end
return {opens, closed, workers, now, since, unpack(turns)}

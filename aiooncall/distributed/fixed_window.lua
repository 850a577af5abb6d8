-- One bucket of a limit over fixed windows: takes in what one process has learned, and hands it turns.
--
-- All times are whole microseconds by Redis's clock. The window's end is an interval that every process can narrow.
-- A turn dies with its window, so what a lost process held is missing in that window only.
--
-- KEYS  1 the state (hash), 2 who shares the bucket (sorted set, by when they were last seen)
-- ARGV  1 now (0: by the clock here), 2 the process, 3 calls of people that wait, 4 calls of bulk work that are wanted,
--       5 limit, 6 period, 7 and 8 the window's end at the earliest and latest (0: unknown, or told before),
--       9 the window whose turns come back, 10 what the server said is left in the window that ends then (-1: nothing),
--       11 the turns that come back unused, 12 calls that had no turn,
--       13 answers without a word of the limit, 14 how long it is to stay closed (-1: it was found open),
--       15 the bucket that the server counts this one in, 16 how long ago a person called (-1: not lately)

local DRIFT = 2e-4          -- of two clocks, in seconds a second
local SECOND = 1000000
local FIRST_STEP = 4        -- calls in the first step while the limit is unknown
local LONGEST_STEP = 4096
local SOON = 2 * SECOND     -- a window that is no longer keeps nothing for people
local QUARTER = SECOND / 2  -- from one quarter of the reserve that bulk work gets, near a window's end, to the next
local LAST = SECOND / 10    -- before a window may end: bulk work gets the last of it
local RESERVE_SHARE, LARGEST_RESERVE = 20, 50
local MOST_PROBES, PROBE_SHARE = 8, 16
local LIFETIME = 900 * SECOND

local now, people, bulk = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * SECOND + time[2]
end

local NAMES = {'limit', 'period', 'earliest', 'latest', 'number', 'taken', 'others', 'expected', 'people',
               'closed', 'size', 'step', 'step_ends'}
local s = {}
for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(NAMES))) do s[NAMES[i]] = tonumber(value or 0) end
if s.number == 0 then s.number = now end  -- never a number that was used before the data were lost

local function is_known() return s.limit > 0 and s.period > 0 and s.latest > 0 end

local function roll_over(windows)
  local moved = windows * s.period
  local slack = math.ceil(moved * DRIFT)
  s.earliest, s.latest = s.earliest + moved - slack, s.latest + moved + slack
  s.expected = windows == 1 and s.others or 0
  s.number, s.taken, s.others = s.number + windows, 0, 0
  if s.latest - s.earliest >= s.period then s.earliest, s.latest = 0, 0 end
end

local function roll_over_if_due()
  if s.latest > 0 and now >= s.latest then roll_over(math.floor((now - s.latest) / s.period) + 1) end
end

-- Takes in when a window ends, and returns whether that is the current one. Processes that are wrong about the end may
-- contradict each other, and while nobody gets a turn nobody learns better. So whoever says that the window is over ends
-- it, even if another one has said that it is not: a turn too early is refused, and a refusal tells when the window ends.
local function learn_end(earliest, latest)
  if s.latest == 0 then
    s.earliest, s.latest = earliest, latest
    return true
  end
  local apart = math.floor((earliest + latest - s.earliest - s.latest) / 2 / s.period + 0.5)
  if apart > 0 and now >= s.earliest then  -- somebody has seen the next window
    roll_over(apart)
    apart = 0
  end
  earliest, latest = earliest - apart * s.period, latest - apart * s.period
  local low, high = math.max(earliest, s.earliest), math.min(latest, s.latest)
  local agrees = low <= high
  if not agrees then low, high = earliest, latest end  -- the newest word counts
  s.earliest, s.latest = low, high
  roll_over_if_due()
  return agrees and apart == 0
end

-- What the process has learned.
local was_known, number = is_known(), tonumber(ARGV[9])
local limit, period, latest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[8])
if limit > 0 then s.limit = limit end
if period > 0 and period ~= s.period then s.period, s.earliest, s.latest = period, 0, 0 end
if was_known and is_known() then roll_over_if_due() end
local is_current = latest > now and s.period > 0 and learn_end(tonumber(ARGV[7]), latest)
if is_known() and not was_known then
  s.taken, s.others = s.size - s.step, 0
  number = s.number
end
if number == s.number then s.taken = math.max(0, s.taken - tonumber(ARGV[11])) end
s.taken = s.taken + tonumber(ARGV[12])
local remaining = tonumber(ARGV[10])
if is_current and is_known() and remaining >= 0 then
  s.others = math.max(s.others, s.limit - remaining - s.taken)
end

local closed = tonumber(ARGV[14])
if closed < 0 then s.closed = 0 end
if closed > 0 then
  s.closed = math.max(s.closed, now + closed)
  if not is_known() then
    s.size, s.step, s.step_ends = 1, 0, s.closed
  elseif number == s.number then
    s.others = math.max(s.others, s.limit - s.taken)
  end
end

-- Who shares the bucket.
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - math.max(2 * s.period, 10 * SECOND))
local workers = redis.call('ZCARD', KEYS[2])
local ago = tonumber(ARGV[16])
if ago >= 0 then s.people = math.max(s.people, now - ago) end

-- Turns of a limit that nobody knows: in steps, each twice as large as the last one, as long as answers come.
local function next_step()
  local answered = tonumber(ARGV[13])
  if s.size == 0 then s.size = FIRST_STEP elseif answered > 0 then s.size = math.min(2 * s.size, LONGEST_STEP) end
  if answered > 0 or now >= s.step_ends then s.step, s.step_ends = s.size, now + SECOND end
end

local function take_unknown()
  next_step()
  local for_people = math.min(people, s.step)
  local for_bulk = math.min(bulk, math.ceil((s.step - for_people) / (2 * workers)))
  s.step = s.step - for_people - for_bulk
  return for_people, for_bulk, 0, math.min(s.step_ends, now + SECOND / 20)
end

-- Turns of a known one: a share of what is left. What others took in the last window is left to them, less and less
-- as this one goes by.
local function quarters() return math.max(0, math.min(4, math.ceil((s.earliest - LAST - now) / QUARTER))) end

local function reserve()
  if s.period <= SOON or s.people == 0 or now - s.people > s.period then return 0 end
  return math.floor(math.min(math.floor(s.limit / RESERVE_SHARE), LARGEST_RESERVE) * quarters() / 4)
end

local function share_of(left, probes)
  local share = math.min(bulk, math.ceil(left / (2 * workers)))
  if probes == 0 or left == 0 or bulk <= left then return share, 0 end
  if left <= probes then return left, 1 end  -- all to one, which sends them when they tell most of the window's end
  return math.min(share, left - probes), 0
end

local function take_known()
  local expected = math.floor(s.expected * math.max(0, s.latest - now) / s.period)
  local left = math.max(0, s.limit - s.taken - math.max(s.others, expected))
  local for_people, kept = math.min(people, left), reserve()
  local width, sharp = s.latest - s.earliest, math.min(s.period / 40, SECOND / 10)
  local probes = width > sharp and math.min(MOST_PROBES, math.floor(s.limit / PROBE_SHARE)) or 0
  local for_bulk, probing = share_of(math.max(0, left - for_people - kept), probes)
  s.taken = s.taken + for_people + for_bulk
  local opens = s.latest
  if left > for_people and kept > 0 then opens = math.min(s.earliest - LAST - QUARTER * (quarters() - 1), s.people + s.period) end
  if expected > s.others then opens = math.min(opens, now + math.ceil(s.period / 20)) end
  return for_people, for_bulk, probing, opens
end

local for_people, for_bulk, probing, opens = 0, 0, 0, s.closed
if now >= s.closed then
  if is_known() then for_people, for_bulk, probing, opens = take_known()
  else for_people, for_bulk, probing, opens = take_unknown() end
end

local written = {}
for _, name in ipairs(NAMES) do
  written[#written + 1] = name
  written[#written + 1] = string.format('%.0f', s[name])
end
redis.call('HSET', KEYS[1], unpack(written))
if ARGV[15] ~= '' then redis.call('HSET', KEYS[1], 'same', ARGV[15]) end
local lifetime = math.ceil((math.max(LIFETIME, 3 * s.period) + math.max(0, s.closed - now)) / 1000)
redis.call('PEXPIRE', KEYS[1], lifetime)
redis.call('PEXPIRE', KEYS[2], lifetime)

local left = is_known() and math.max(0, s.limit - s.taken - s.others) or -1
return {for_people, for_bulk, probing, opens, s.number, s.limit, s.period, s.earliest, s.latest, left, s.closed, workers,
        now, redis.call('HGET', KEYS[1], 'same') or ''}

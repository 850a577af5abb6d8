"""The scripts that run inside Redis, each of them one step that nothing else can come between.

A chunk that workers may work on is one hash. Its fields: `run`, the `run_id` of the server that it was handed out by;
`by NAME`, each delivery that has begun it; and for each position the name of the delivery that has fenced or told it.

What is not in the hash is not allowed. So whatever Redis loses takes the permission to send along: without the hash no
worker sends anything of the chunk. Only a server that comes back with an older state could have the hash and lack a
fence, and such a server has another `run_id` (https://redis.io/docs/latest/commands/info/), which each step compares.
"""

from __future__ import annotations

from typing import Final

CLOSED: Final = "closed"
"""The start of the field `run` of a chunk of which nothing more is to be sent."""
_RUN: Final = """
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local run = redis.call('HGET', KEYS[1], 'run')
local open = run == server
"""

REGISTER: Final = """
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
redis.call('HSET', KEYS[1], 'run', server)
redis.call('EXPIRE', KEYS[1], ARGV[1])
return server
"""
"""Allows work on a chunk. KEYS: its hash. ARGV: seconds to keep it."""

BEGIN: Final = (
    _RUN
    + """
if not open then return {0} end
local held = redis.call('HGETALL', KEYS[1])
redis.call('HSET', KEYS[1], 'by ' .. ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
redis.call('XADD', KEYS[3], '*', 'told', ARGV[4])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return {1, held}
"""
)
"""Begins a delivery. KEYS: hash, sign of life, stream.

ARGV: holder, worker, milliseconds of life, message, seconds to keep the stream. Returns what was known before.
"""

FENCE: Final = (
    _RUN
    + """
if not open then return 'closed' end
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if holder and string.sub(holder, 1, #ARGV[2]) ~= ARGV[2] then return 'taken' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ARGV[3])
return 'mine'
"""
)
"""Sets the fence of an item. KEYS: hash. ARGV: position, holder with a separator, number of the try."""

TELL: Final = (
    _RUN
    + """
if ARGV[7] == '1' then
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
end
if ARGV[3] ~= '' then
  redis.call('XADD', KEYS[3], '*', 'told', ARGV[3])
  redis.call('EXPIRE', KEYS[3], ARGV[4])
end
if not run then return 0 end
local told = cjson.decode(ARGV[5])
for at = 1, #told do redis.call('HSET', KEYS[1], told[at], ARGV[2]) end
local released = cjson.decode(ARGV[6])
for at = 1, #released, 2 do
  if redis.call('HGET', KEYS[1], released[at]) == released[at + 1] then redis.call('HDEL', KEYS[1], released[at]) end
end
return open and 1 or 0
"""
)
"""Tells outcomes, takes fences back that had no effect, and shows that the worker lives.

KEYS: hash, sign of life, stream. ARGV: milliseconds of life, holder, message or nothing, seconds to keep the stream,
positions that were told, pairs of a position and the fence to remove, and 1 if the delivery has ended. Returns whether
the chunk is still open.
"""

CLOSE: Final = (
    _RUN
    + """
if not run then return {server, {}} end
if string.sub(run, 1, 6) ~= 'closed' then redis.call('HSET', KEYS[1], 'run', 'closed ' .. run) end
return {server, redis.call('HGETALL', KEYS[1])}
"""
)
"""Ends the permission to send: no fence can be set after it. KEYS: hash. Returns the `run_id` of the server and all."""

#!/usr/bin/env python3
"""Hold our readers against python3's own: differential.py [OPTIONS] ANSWER

ANSWER is the program built from answer.c.  Every disagreement is printed, and its text kept.
"""

import argparse
import datetime
import itertools
import json
import os
import random
import re
import struct
import subprocess
import sys

DEPTH_MAX = 64
# What JSON is made of, and what tempts a reader that is not strict.
ALPHABET = [b'{', b'}', b'[', b']', b':', b',', b'"', b'\\', b'u', b'0', b'1', b'-', b'+', b'.',
            b'e', b'a', b'/', b' ', b'\n', b'\0', b'\xc3', b'\xa9']
STRUCTURE = [b'{', b'}', b'[', b']', b':', b',', b'""', b'0', b'null', b' ']
NUMBERS = [b'0', b'1', b'-', b'+', b'.', b'e', b'E', b',']
STRINGS = [b'\\', b'u', b'0', b'd', b'8', b'D', b'C', b'"', b'\x1f', b'\xed', b'\xa0', b'\x80']

# After JSONTestSuite, by hand.
CASES = [
    b'', b' ', b'\n', b'[]', b'{}', b'""', b'0', b'-0', b'true', b'null', b'[', b']', b'{', b'}', b'"',
    b'[1]x', b'[1],', b'[1] [2]', b'{} {}', b'1 2', b'[1,]', b'[,1]', b'[1,,2]', b'[,]', b'[1 2]',
    b'[1:2]', b'["a":1]', b'{"a"}', b'{"a":}', b'{"a":1,}', b'{,"a":1}', b'{"a" 1}', b'{"a",1}',
    b'{"a"::1}', b'{"a":1 "b":2}', b'{"a":1;"b":2}', b'{a:1}', b"{'a':1}", b'{1:1}', b'{null:1}',
    b'{[]:1}', b'{"a":1,"a":2}', b'{"":0}', b'{"a":{"b":{"c":[]}}}', b'{"a":1}}', b'[1}', b'{"a":1]',
    b'[[]', b'[[[[', b'[[],[]]', b'[{}]', b'[{},', b'01', b'-01', b'00', b'1.', b'.1', b'-.1', b'1.e1',
    b'1e', b'1e+', b'1e-', b'1e1.1', b'1e01', b'0e0', b'0e+1', b'0E-1', b'0.0', b'-', b'--1', b'+1',
    b'-+1', b'1-1', b'0x1', b'1_0', b'1a', b'1f', b'1L', b'NaN', b'nan', b'-NaN', b'Infinity',
    b'-Infinity', b'inf', b'1e400', b'-1e-400', b'9' * 5000, b'0.' + b'9' * 5000, b'1' * 400 + b'e' + b'9' * 40,
    '１'.encode(), '[٣]'.encode(), b'True', b'TRUE', b'tru', b'truee', b'nul', b'nulL', b'fals', b'undefined',
    b'"\\a"', b'"\\\'"', b'"\\0"', b'"\\x00"', b'"\\', b'"\\"', b'"\\\\"', b'"\\/"', b'"\\b\\f\\n\\r\\t"',
    b'"\\B"', b'"\\U0041"', b'"\\u"', b'"\\u0"', b'"\\u00"', b'"\\u004"', b'"\\u004g"', b'"\\u 041"',
    b'"\\u+041"', b'"\\u0x41"', b'"\\u-041"', b'"\\u0041"', b'"\\uABCD\\uabcd"', b'"\\u{41}"', b'"\\u0000"',
    b'"\\ud800"', b'"\\ud800x"', b'"\\ud800\\n"', b'"\\ud800\\u"', b'"\\ud800\\udc0"', b'"\\ud800\\udc00"',
    b'"\\udc00\\ud800"', b'"\\ud800\\ud800\\udc00"', b'"\\uD83C\\uDFB2"', b'"\x00"', b'"\x1f"', b'"\x7f"',
    b'"\t"', b'"\n"', b'"\r"', b'"a\x00b"', b'[1]\x00', b'\x00', b'[\x001]', b'\xef\xbb\xbf{}', b'{}\xef\xbb\xbf',
    b'["\xef\xbb\xbf"]', b'"\xc2\x80"', b'"\xc2"', b'"\x80"', b'"\xc0\x80"', b'"\xc1\xbf"', b'"\xe0\x80\x80"',
    b'"\xe0\x9f\xbf"', b'"\xe0\xa0\x80"', b'"\xed\x9f\xbf"', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xee\x80\x80"',
    b'"\xef\xbf\xbf"', b'"\xf0\x80\x80\x80"', b'"\xf0\x8f\xbf\xbf"', b'"\xf0\x90\x80\x80"', b'"\xf4\x8f\xbf\xbf"',
    b'"\xf4\x90\x80\x80"', b'"\xf5\x80\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xff"', b'"\xfe"', b'"\xe2\x82"',
    b'"\xe2\x82\\u00ac"', b'\xe9', b'[\xc3\xa9]', b'{"\xc3\xa9":"\xc3\xa9"}', b'\xff\xfe[\x00]\x00', b'\x00[\x00]',
    b'\x0b[]', b'\x0c[]', b'\xc2\xa0[]', b'\xe2\x80\xa8[]', b'\xe2\x81\xa0[]', b' \t\r\n[ \t\r\n] \t\r\n', b'[1\x0b]',
    b'/**/[]', b'[]//', b'[1/**/]', b'#[]', b'<!-- -->', b'[]#', b'$', b'*', b'"a" "b"', b'"a"b', b"'a'", b'`a`',
    b'"' + b'\\u0061' * 3000 + b'"', b'"' + 'é'.encode() * 3000 + b'"', b'[' + b'0,' * 20000 + b'0]',
    b'{' + b'"":0,' * 10000 + b'"":0}', b'[' + b'[],' * 5000 + b'{}]', b'[' * 100000, b'{"":' * 20000,
]


class Answerer:
    """Asks the C program, many questions at once."""

    def __init__(self, program):
        self.program = program

    def ask(self, letter, texts):
        head = struct.Struct('>cI')
        questions = b''.join(head.pack(letter, len(text)) + text for text in texts)
        answers = subprocess.run([self.program], input=questions, stdout=subprocess.PIPE, check=True).stdout
        if letter == b'v':
            if len(answers) != len(texts):
                raise SystemExit('differential: too few answers')
            return answers
        found, at = [], 0
        for _ in texts:
            length, = struct.unpack_from('>I', answers, at)
            found.append(answers[at + 4:at + 4 + length])
            at += 4 + length
        if at != len(answers):
            raise SystemExit('differential: too many answers')
        return found


class Report:
    """Counts, prints and keeps what two readers do not agree on."""

    def __init__(self, keep):
        self.keep = keep
        self.count = 0
        self.told = 0

    def disagree(self, what, text, ours, theirs):
        self.count += 1
        if self.count - self.told > 5:
            return
        path = os.path.join(self.keep, f'differential-{self.count}')
        with open(path, 'wb') as file:
            file.write(text)
        print(f'{what}: {text[:200]!r}: ours {ours!r}, python3 {theirs!r}; kept as {path}')


def refuse(word):
    raise ValueError(word)


LOADS = json.JSONDecoder(parse_constant=refuse, parse_int=str, parse_float=str).decode
PAIRS = json.JSONDecoder(parse_constant=refuse, object_pairs_hook=tuple).decode


def is_json(text):
    """Our oracle: json.loads, but bytes are strict UTF-8 and NaN and the like are refused."""
    try:
        LOADS(text.decode())
    except (ValueError, RecursionError):
        return False
    return True


def depth(text):
    """How deep the brackets of a text are nested, as far as they make sense."""
    deepest = 0
    open_now = 0
    for bracket in re.findall(rb'[][{}]', re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', text, flags=re.S)):
        open_now += 1 if bracket in b'[{' else -1
        deepest = max(deepest, open_now)
    return deepest


def batches(items, size=100000):
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def check_validity(ask, report, texts):
    tried = 0
    valid = 0
    for batch in batches(texts):
        tried += len(batch)
        for text, answer in zip(batch, ask(b'v', batch)):
            theirs = is_json(text)
            valid += theirs
            if answer == ord('d'):
                if depth(text) <= DEPTH_MAX:
                    report.disagree('depth', text, 'too deep', depth(text))
            elif (answer == ord('1')) != theirs:
                report.disagree('validity', text, chr(answer), theirs)
    return tried, valid


def exhaustive(length, alphabet):
    for n in range(length + 1):
        for parts in itertools.product(alphabet, repeat=n):
            yield b''.join(parts)


def wrapped(texts, before, after):
    return (before + text + after for text in texts)


class Grammar:
    """Documents at random, most of them valid, and mutations of them, most of them not."""

    pieces = [b'{', b'}', b'[', b']', b':', b',', b'"', b'""', b'\\', b'\\u', b'\\ud800', b'\\udc00', b'\\"', b'0',
              b'-', b'.', b'e', b'E+', b'1', b'00', b'true', b'null', b'fals', b'NaN', b' ', b'\n', b'\t', b'\r',
              b'\0', b'\x0b', b'\x1f', b'\x7f', b'\x80', b'\xc3', b'\xc3\xa9', b'\xe2\x82\xac', b'\xed\xa0\x80',
              b'\xf0\x9f\x8e\xb2', b'\xf0\x9f', b'\xff', b'\xef\xbb\xbf', b'/', b"'", b'[]', b'{}', b'"a":', b'{"a":']

    def __init__(self, chance):
        self.chance = chance

    def blank(self):
        return self.chance.choice([b'', b'', b'', b'', b' ', b'\n', b'\t', b'\r\n  '])

    def number(self):
        c = self.chance
        text = c.choice(['', '-']) + c.choice(['0', str(c.randrange(1, 100)), str(c.getrandbits(80) + 1)])
        text += c.choice(['', '', '.0', f'.{c.randrange(1000)}'])
        return (text + c.choice(['', '', f'e{c.randrange(99)}', 'E+1', 'e-00'])).encode()

    def string(self):
        c = self.chance
        parts = [c.choice(['a', 'k', 'é', '€', '🎲', '\x7f', '\u2028', '/', ' ', '\\"', '\\\\', '\\/',
                           '\\n', '\\t', '\\b',
                           f'\\u{c.randrange(65536):04x}', f'\\u{c.randrange(0xd800, 0xe000):04X}',
                           '\\ud83c\\udfb2', '\\u0000', chr(c.choice([0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff]))])
                 for _ in range(c.randrange(5))]
        return ('"' + ''.join(parts) + '"').encode()

    def value(self, left):
        c = self.chance
        kind = c.randrange(8 if left > 0 else 5)
        if kind < 2:
            return self.number()
        if kind < 4:
            return self.string()
        if kind == 4:
            return c.choice([b'true', b'false', b'null'])
        items = [self.value(left - 1) for _ in range(c.randrange(4))]
        if kind == 5:
            items = [self.string() + self.blank() + b':' + self.blank() + item for item in items]
        inside = (self.blank() + b',' + self.blank()).join(items)
        around = b'{}' if kind == 5 else b'[]'
        return around[:1] + self.blank() + inside + self.blank() + around[1:]

    def document(self):
        return self.blank() + self.value(self.chance.randrange(5)) + self.blank()

    def mutated(self, text):
        c = self.chance
        for _ in range(c.choice([1, 1, 1, 2, 4])):
            at = c.randrange(len(text) + 1)
            kind = c.randrange(5)
            if kind == 0:
                text = text[:at] + c.choice(self.pieces) + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + c.choice([1, 1, 2, 5]):]
            elif kind == 2:
                text = text[:at] + c.choice(self.pieces) + text[at + 1:]
            elif kind == 3:
                end = at + c.randrange(8)
                text = text[:end] + text[at:end] + text[end:]
            else:
                other = c.randrange(len(text) + 1)
                text = text[:at] + text[other:]
        return text

    def documents(self, count):
        while count > 0:
            text = self.document()
            yield text
            for _ in range(min(7, count - 1)):
                yield self.mutated(text)
            count -= 8


def check_depth(ask, report):
    """64 deep is taken, 65 is not, whatever is nested and however far it goes on."""
    def nested(kinds, n):
        kinds = list(itertools.islice(itertools.cycle(kinds), n))
        return (b''.join(b'[' if k == 'a' else b'{"":' for k in kinds) + b'0' +
                b''.join(b']' if k == 'a' else b'}' for k in reversed(kinds)))
    cases = []
    for kinds in ('a', 'o', 'ao', 'aao'):
        cases += [(nested(kinds, n), b'1' if n <= DEPTH_MAX else b'd') for n in (1, 63, 64, 65, 66, 1000, 20000)]
    cases += [(b'[' * 63 + b'[],[]' + b']' * 63, b'1'), (b'[' * 64 + b'[],[]' + b']' * 64, b'd'),
              (b'[' * 64 + b']' * 64 + b' [', b'0'), (b'[' * 64 + b']' * 63, b'0')]
    for (text, wanted), answer in zip(cases, ask(b'v', [text for text, _ in cases])):
        if answer != wanted[0]:
            report.disagree('depth', text, chr(answer), wanted.decode())
    return len(cases)


def plain(text):
    """A str with what is not a character replaced, as ours does it."""
    return re.sub('[\ud800-\udfff]', '\ufffd', text)


def check_strings(ask, report, grammar, count):
    tried = 0
    for batch in batches(itertools.chain(
            (b'"\\u%04x"' % code for code in range(65536)),
            (b'"\\u%04X\\u%04x"' % pair for pair in itertools.product(
                (0, 0x41, 0xd7ff, 0xd800, 0xdaaa, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff), repeat=2)),
            (b'"\\u%04X\\u%04x\\u%04x"' % triple for triple in itertools.product(
                (0x41, 0xd800, 0xdbff, 0xdc00, 0xdfff), repeat=3)),
            (grammar.string() for _ in range(count)))):
        tried += len(batch)
        for text, ours in zip(batch, ask(b's', batch)):
            theirs = plain(json.loads(text)).encode()
            if ours != theirs:
                report.disagree('string', text, ours, theirs)
    return tried


TIME = re.compile(r'(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(?:\.\d+)?([Zz]|[+-](\d\d):(\d\d))', re.ASCII)
EPOCH = datetime.datetime(1970, 1, 1)
SECOND = datetime.timedelta(seconds=1)


def second_of(text):
    """The second that datetime says an RFC 3339 time is, or None."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    date, clock, seconds, zone, hours, minutes = match.groups()
    if int(seconds) > 60 or int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    # datetime knows neither the year 0 nor a leap second: 400 years are always as long.
    year = int(date[:4])
    try:
        moment = datetime.datetime.fromisoformat(f'{year + 400 if year < 400 else year:04d}{date[4:]}T{clock}')
    except ValueError:
        return None
    second = (moment - EPOCH) // SECOND + int(seconds) - (146097 * 86400 if year < 400 else 0)
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * 60
    return second + offset if zone[0] == '-' else second - offset


def times(chance, count):
    for year in (0, 1, 4, 100, 399, 400, 1582, 1600, 1900, 1969, 1970, 2000, 2023, 2024, 2038, 2100, 9999):
        for month in range(0, 14):
            for day in (0, 1, 28, 29, 30, 31, 32):
                yield f'{year:04d}-{month:02d}-{day:02d}T00:00:00Z'
    odd = 'Zz:-+.T t0\0'
    for _ in range(count):
        year = chance.choice([chance.randrange(10000), chance.randrange(1970, 2040)])
        text = (f'{year:04d}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 32):02d}{chance.choice("TTTt")}'
                f'{chance.randrange(25):02d}:{chance.randrange(61):02d}:{chance.randrange(62):02d}')
        if chance.randrange(2):
            text += '.' + str(chance.randrange(10 ** chance.randrange(1, 30)))
        offset = f'{chance.choice("+-")}{chance.randrange(25):02d}:{chance.randrange(61):02d}'
        text += chance.choice(['Z', 'Z', 'z', offset])
        if chance.randrange(4) == 0:
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(['', chance.choice(odd)]) + text[at + chance.randrange(2):]
        yield text


def check_times(ask, report, chance, count):
    tried = 0
    for batch in batches(times(chance, count)):
        tried += len(batch)
        for text, ours in zip(batch, ask(b't', [text.encode() for text in batch])):
            theirs = second_of(text)
            if ours != (b'' if theirs is None else b'%d' % theirs):
                report.disagree('time', text.encode(), ours, theirs)
    return tried


UNITS = {'': 1000, 'ms': 1, 's': 1000, 'm': 60000, 'h': 3600000}


# A duration up to here, thirty years, is taken; over it, it may be refused.
SURELY_MS = 10 ** 12


def milliseconds_of(text):
    """A duration's milliseconds, or None: a fraction counts to six digits, nothing but zero is zero."""
    one = r'([0-9]+)(?:\.([0-9]+))?'
    if not re.fullmatch(rf'{one}|({one}(ms|s|m|h))+', text):
        return None
    ms = 0
    for whole, fraction, unit in re.findall(one + '(ms|s|m|h|$)', text):
        ms += int(whole) * UNITS[unit] + int(fraction[:6].ljust(6, '0')) * UNITS[unit] // 1000000
    return max(ms, 1) if re.search('[1-9]', text) else ms


def durations(chance, count):
    yield from ('', '0', '.', '1.', '.1', '1.2.3', '-1', '+1', ' 1', '1 ', '1e3', '0x1', '1d', 'ms', '1 s', '1S',
                '0.0000001h', '1m30s', '1h2m3.5s', '1m30', '0h0ms', '1s2')
    for _ in range(count):
        text = str(chance.randrange(10 ** chance.randrange(1, 20)))
        if chance.randrange(2):
            text += '.' + ''.join(chance.choice('00019') for _ in range(chance.randrange(1, 12)))
        text += chance.choice(list(UNITS))
        if chance.randrange(3) == 0:
            text += f'{chance.randrange(100)}{chance.choice(["", ".5", ".0001"])}{chance.choice(list(UNITS))}'
        if chance.randrange(5) == 0:
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(['', '.', 's', '-', '0', ' ']) + text[at + chance.randrange(2):]
        yield text


def check_durations(ask, report, chance, count):
    texts = list(durations(chance, count))
    for text, ours in zip(texts, ask(b'd', [text.encode() for text in texts])):
        theirs = milliseconds_of(text)
        if ours == b'' and theirs is not None and theirs > SURELY_MS:
            continue
        if ours != (b'' if theirs is None else b'%d' % theirs):
            report.disagree('duration', text.encode(), ours, theirs)
    return len(texts)


NO_TIME = '0001-01-01T00:00:00Z'
UPSTREAM = {'pid': 0, 'startedAt': NO_TIME, 'httpAddr': '', 'otlpGrpcAddr': '', 'otlpHttpAddr': '', 'proxyUrl': '',
            'proxyProtocol': '', 'version': ''}
OURS = ['state', 'command', 'cwd', 'host', 'pidNamespace', 'listen', 'exitCode', 'exitSignal', 'exitedAt', 'readyMode',
        'try', 'maxLifetime', 'noSweep', 'logMax', 'logKeep']


def is_whole(value, low):
    return type(value) is int and low <= value < 2 ** 31


def is_right(key, value):
    """Is this value of the type that the contract gives the member?"""
    if value is None:
        return key != 'pid'
    if key == 'pid':
        return is_whole(value, 1)
    if key == 'exitCode':
        return is_whole(value, 0)
    if key in ('command', 'listen'):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if key == 'readyMode' and isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if key in ('startedAt', 'exitedAt'):
        return isinstance(value, str) and second_of(value) is not None
    return isinstance(value, str) or (key not in UPSTREAM and key not in OURS)


def pairs_of(text):
    return [(plain(key), value) for key, value in PAIRS(text.decode())]


def metadata_of(text):
    """The members that a metadata file gives, in the canonical order; or None."""
    pairs = pairs_of(text)
    found = dict(pairs)
    # Each at the place where it stands last.
    places = {key: place for place, (key, _) in enumerate(pairs)}
    if 'pid' not in found or not all(is_right(key, value) for key, value in found.items()):
        return None
    known = list(UPSTREAM) + OURS
    members = [(key, UPSTREAM[key] if found.get(key) is None else found[key]) for key in UPSTREAM]
    members += [(key, found[key]) for key in OURS if found.get(key) is not None]
    return members + [(key, found[key]) for key in sorted(places, key=places.get) if key not in known]


def metadata_files(chance, grammar, count):
    right = {'pid': [b'1', b'4711', b'2147483647'], 'exitCode': [b'0', b'139'], 'command': [b'[]', b'["a", "b\\n"]'],
             'listen': [b'["127.0.0.1:80"]', b'[""]'], 'startedAt': [b'"2026-11-23T16:03:33.5+02:00"'],
             'exitedAt': [b'"2026-11-23t16:03:33z"']}
    odd = [b'0', b'-1', b'1.0', b'1e3', b'2147483648', b'99999999999', b'true', b'"x"', b'[1]', b'["a",null]', b'{}',
           b'[[]]', b'null', b'"2026-02-30T00:00:00Z"']
    # Some spelled in several ways, some the beginning of another.
    keys = ['"a"', '"\\u0061"', '"é"', '"\\u00e9"', '"\\u00C9"', '"éa"', '"\\u00e9a"', '"🎲"', '"\\ud83c\\udfb2"',
            '"\\ud83c"', '"\\udfb2\\ud83c"', '"\\ufffd"', '"/"', '"\\/"', '""', '"Pid"', f'"k{"x" * 300}"']
    keys = [key.encode() for key in keys]
    for _ in range(count):
        members = []
        for key in chance.sample(list(UPSTREAM) + OURS, chance.randrange(8)) + ['pid'] * chance.choice([0, 1, 1, 1, 2]):
            value = chance.choice(right.get(key, [b'"x"', b'""', b'"\\u0000\\ud800"', grammar.string()]))
            if chance.randrange(12) == 0:
                value = chance.choice(odd)
            if chance.randrange(8) == 0:
                at = chance.randrange(len(key))
                key = f'{key[:at]}\\u{ord(key[at]):04x}{key[at + 1:]}'
            members.append(b'"%s":%s' % (key.encode(), value))
        for _ in range(chance.randrange(4)):
            key = chance.choice(keys)
            members.append(key + grammar.blank() + b':' + grammar.blank() + grammar.value(3))
        chance.shuffle(members)
        yield b'{' + b','.join(members) + b'}'


def check_metadata(ask, report, chance, grammar, count):
    taken = 0
    texts = list(metadata_files(chance, grammar, count))
    for text, ours in zip(texts, ask(b'm', texts)):
        theirs = metadata_of(text)
        taken += theirs is not None
        if (pairs_of(ours) if ours else None) != theirs:
            report.disagree('metadata', text, ours, theirs)
    return len(texts), taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', default='1')
    parser.add_argument('--documents', type=int, default=300000)
    parser.add_argument('--length', type=int, default=4, help='of the exhaustive texts')
    parser.add_argument('--keep', default='.')
    parser.add_argument('answer')
    options = parser.parse_args()
    ask = Answerer(options.answer).ask
    report = Report(options.keep)
    chance = random.Random(options.seed)
    grammar = Grammar(chance)

    def row(what, tried, note=''):
        print(f'{what:34} {tried:9} {report.count - report.told:13} {note}', flush=True)
        report.told = report.count

    def validity(what, texts):
        tried, valid = check_validity(ask, report, texts)
        row(what, tried, f'{valid} valid')

    some = options.documents // 10
    print(f'{"beside python3, seed " + options.seed:34} {"texts":>9} {"disagreements":>13}')
    validity('JSON: cases by hand', CASES)
    row(f'JSON: nested up to {DEPTH_MAX}', check_depth(ask, report))
    n = options.length
    validity(f'JSON: all of {n} from {len(ALPHABET)}', exhaustive(n, ALPHABET))
    validity(f'JSON: all of {n + 1}, structure', exhaustive(n + 1, STRUCTURE))
    validity(f'JSON: all of {n + 1}, numbers', exhaustive(n + 1, NUMBERS))
    validity(f'JSON: all of {n}, in a string', wrapped(exhaustive(n, STRINGS), b'"\\u0', b'"'))
    validity(f'JSON: all of {n}, in an object', wrapped(exhaustive(n, STRUCTURE), b'{"a":', b'}'))
    validity('JSON: by grammar, and broken', grammar.documents(options.documents))
    row('strings decoded', check_strings(ask, report, grammar, some))
    row('RFC 3339 times', check_times(ask, report, chance, 2 * some))
    row('durations', check_durations(ask, report, chance, some))
    tried, taken = check_metadata(ask, report, chance, grammar, some)
    row('metadata files', tried, f'{taken} accepted')
    return 1 if report.count > 0 else 0


if __name__ == '__main__':
    sys.exit(main())

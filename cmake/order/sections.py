"""sections.py MAP REACHED: the linker script that puts the sections of the functions at the addresses in REACHED first."""

import bisect
import re
import sys

HEAD = """/* Written by cmake/order/update: the functions that the everyday verbs of nemoclaw-runtime reach. */
SECTIONS
{
  .text.everyday : ALIGN(64)
  {
"""
TAIL = """  }
}
INSERT BEFORE .text;
"""


def text_sections(map_file):
    """(address, size, section, archive member or object) of every input section of .text and .text.everyday, in order."""
    found, name, inside = [], None, False
    for line in open(map_file):
        if re.match(r"^\.text(\.everyday)?\b", line):
            inside = True
        elif re.match(r"^\.\S", line):
            inside = False
        if not inside:
            continue
        alone = re.match(r"^ (\.text\S*)\s*$", line)
        if alone:
            name = alone[1]
            continue
        full = re.match(r"^ (\.text\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*)$", line)
        if full and (full[1] or name):
            if int(full[3], 16):
                found.append((int(full[2], 16), int(full[3], 16), full[1] or name, full[4].strip()))
            name = None
    return sorted(found)


def pattern(section, source):
    # Functions of our own and of templates have a section each; a library's have the object's.
    if re.match(r"^\.text\.(unlikely\.)?_Z", section):
        return f"*({section})"
    member = re.match(r"^.*/(lib\w[^/]*\.a)\((.*)\)$", source)
    if member:
        return f"*{member[1]}:{member[2]}({section})"
    return None


def main():
    sections = text_sections(sys.argv[1])
    starts = [each[0] for each in sections]
    lines = {}
    for line in open(sys.argv[2]):
        address = int(line, 16)
        at = bisect.bisect(starts, address) - 1
        if at < 0 or address >= sections[at][0] + sections[at][1]:
            continue
        text = pattern(*sections[at][2:])
        if text:
            lines[text] = None
    sys.stdout.write(HEAD + "".join(f"    {line}\n" for line in lines) + TAIL)


main()

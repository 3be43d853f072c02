# SPDX-License-Identifier: MIT
"""Launch lines as words: values from outside stay one word, whatever characters they hold."""

import re
import shlex

# What neither the shell nor GStreamer's parser takes for anything else.
PLAIN = re.compile(r"[\w@%+=:,./-]*", re.ASCII)
PROPERTY = re.compile(r"[A-Za-z][\w:-]*", re.ASCII)


def for_gstreamer(value):
    """A property's value as GStreamer's parser wants it."""
    text = str(value)
    if PLAIN.fullmatch(text) and text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted(value):
    """A value for a line of text that becomes words by words()."""
    return shlex.quote(for_gstreamer(value)) if for_gstreamer(value) != str(value) else str(value)


def words(line):
    """The words of a line; quotes are the shell's."""
    return shlex.split(line)


def substituted(line_words, settings):
    """Words with each {NAME} replaced; what is put in is not looked at again."""
    return [re.sub(r"\{([\w-]+)\}", lambda found: str(settings.get(found[1], found[0])), word)
            for word in line_words]


def for_parser(line_words):
    """Words whose properties have values that GStreamer's parser reads as they are."""
    found = []
    for word in line_words:
        name, equals, value = word.partition("=")
        is_property = equals and PROPERTY.fullmatch(name)
        found.append(f"{name}={for_gstreamer(value)}" if is_property else word)
    return found


def shown(launch_words):
    """A line that can be typed into a shell."""
    return " ".join(word if word == "!" else shlex.quote(word) for word in launch_words)

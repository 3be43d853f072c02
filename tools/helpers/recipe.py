# SPDX-License-Identifier: MIT
"""The recipe of a training: a JSON file, read and checked before anything starts."""

import json
import re

from tools.helpers import launch

STAGES = ("encoder", "autoencoder", "statistics", "latents", "features", "diffusion", "samples")
OPTIONAL = {"encoder", "features"}
READING = ("encoder", "autoencoder", "latents")  # stages that read the dataset
NEEDED = {"dataset", "model", *STAGES} - OPTIONAL
LINES = {"dataset", *(f"{stage}-dataset" for stage in READING)}
KEYS = NEEDED | LINES | OPTIONAL | {"about"} | {f"{stage}-crop" for stage in READING}
WHOLE = {"max-steps", "batch-size", "images", "columns", "num-images"}  # numbers from 1 on
OF_STAGE = {"statistics": ("images",), "latents": ("images",), "samples": ("columns",)}
FILLED_LATER = {"crop"}  # each stage has its own


class RecipeError(Exception):
    """What is wrong with the recipe and what to do."""


def load_recipe(path, settings):
    """The recipe with {NAME} replaced in all its texts; its datasets are lists of words."""
    try:
        recipe = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(recipe, dict):
        raise RecipeError(f"{path}: a recipe is a JSON object, not a {type(recipe).__name__}")
    missing, unknown = sorted(NEEDED - set(recipe)), sorted(set(recipe) - KEYS)
    if missing or unknown:
        raise RecipeError(f"{path}: missing keys: {missing or 'none'}; unknown: {unknown or 'none'}")
    try:
        check(recipe)
        return {key: words_of(key, value, settings) if key in LINES else fill(value, settings)
                for key, value in recipe.items()}
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def check(recipe):
    for key, value in recipe.items():
        wanted = dict if key in STAGES or key == "model" else str
        if not isinstance(value, wanted):
            raise RecipeError(f'"{key}" must be {"an object" if wanted is dict else "a text"}, '
                              f"not {json.dumps(value)}")
    for stage in STAGES:
        for key in OF_STAGE.get(stage, ()):
            if key not in recipe[stage]:
                raise RecipeError(f'"{stage}" needs "{key}", a whole number from 1 on')
        for key, value in recipe.get(stage, {}).items():
            check_setting(stage, key, value)
    if "features" in recipe and "model" not in recipe["features"]:
        raise RecipeError('"features" needs "model", the card of a frozen encoder')


def check_setting(stage, key, value):
    if not launch.PROPERTY.fullmatch(key):
        raise RecipeError(f'"{stage}": {key!r} is no name of a property')
    if not isinstance(value, (str, int, float)):  # bool is an int
        raise RecipeError(f'"{stage}": "{key}" must be a text, a number, true or false, '
                          f"not {json.dumps(value)}")
    if key in WHOLE and (type(value) is not int or value < 1):
        raise RecipeError(f'"{stage}": "{key}" must be a whole number from 1 on, '
                          f"not {json.dumps(value)}")


def check_filled(text, settings):
    for name in re.findall(r"\{([\w-]+)\}", text):
        if name not in settings and name not in FILLED_LATER:
            raise RecipeError(f"{text!r} needs --set {name}=VALUE")


def fill(value, settings):
    if isinstance(value, dict):
        return {key: fill(item, settings) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, settings) for item in value]
    if not isinstance(value, str):
        return value
    check_filled(value, settings)
    return launch.substituted([value], settings)[0]


def words_of(key, line, settings):
    """Split before anything is filled in: what is filled in never becomes more words."""
    check_filled(line, settings)
    try:
        found = launch.words(line)
    except ValueError as error:
        raise RecipeError(f'"{key}" has a quote without its end: {line}') from error
    if not found:
        raise RecipeError(f'"{key}" is empty: it is the launch line of a source')
    return launch.substituted(found, settings)


def properties(settings, without=()):
    """Words of a launch line."""
    texts = {True: "true", False: "false"}
    return [f"{key}={launch.for_gstreamer(texts[value] if isinstance(value, bool) else value)}"
            for key, value in settings.items() if key not in without]

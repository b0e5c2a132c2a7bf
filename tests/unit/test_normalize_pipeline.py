"""The pipeline around the rules: switches, failing rules, languages in one text, clean-up, speed on hostile text."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from support.cpu_time import cpu_s

from qwentts_svc.errors import InputError
from qwentts_svc.text.normalize import Normalizer, detect_language, language_spans, normalize, rule_names
from qwentts_svc.text.normalize.rule import Edit, RuleContext
from qwentts_svc.text.normalize.ruleset import RuleSet


class _Rule:
    triggers = None
    gate = None

    def __init__(self, name: str, edits: Callable[[str], list[Edit]]) -> None:
        self.name = name
        self._edits = edits

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        return self._edits(text)


def _boom(text: str) -> list[Edit]:
    raise RuntimeError("broken rule")


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(*items: _Rule) -> None:
        monkeypatch.setattr("qwentts_svc.text.normalize.pipeline.rules_of", lambda lang: RuleSet(items))

    return install


def test_a_rule_that_raises_is_skipped_and_counted(rules: Callable[..., None]) -> None:
    failures: list[str] = []
    rules(_Rule("bad", _boom), _Rule("good", lambda text: [Edit(0, 1, "H")] if text[0] == "h" else []))
    normalizer = Normalizer(on_rule_failed=lambda name, error: failures.append(f"{name}: {error}"))
    assert normalizer.normalize("hello").text == "Hello"
    assert set(failures) == {"bad: broken rule"}


def test_a_rule_with_overlapping_edits_is_skipped_and_counted(rules: Callable[..., None]) -> None:
    failures: list[str] = []
    rules(_Rule("overlap", lambda _: [Edit(0, 3, "x"), Edit(2, 4, "y")]))
    assert Normalizer(on_rule_failed=lambda name, _: failures.append(name)).normalize("hello").text == "hello"
    assert failures == ["overlap"]


def test_rules_that_undo_each_other_come_to_an_end(rules: Callable[..., None]) -> None:
    rules(_Rule("flip", lambda text: [Edit(0, 1, "b" if text[0] == "a" else "a")]))
    assert normalize("abc").text in ("abc", "bbc")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("roman", "Henry VIII"),
        ("currency", "only $x"),
        ("acronym", "the FBI"),
        ("emoji", "hi 😀"),
        ("quotes", "“hi”"),
        ("hashtag", "#tag"),
        ("email", "a@b.com and c"),
    ],
)
def test_a_disabled_rule_leaves_its_text(name: str, source: str) -> None:
    assert name in rule_names("en")
    off = {"email": {"email", "url", "mention"}}.get(name, {name})
    assert normalize(source, "en", disabled=off).text == source


def test_emoji_can_be_dropped() -> None:
    assert Normalizer(emoji="drop").normalize("good 👍 job", "en").text == "good job"


@pytest.mark.parametrize("hint", ["klingon", "xx", "e n"])
def test_an_unknown_language_is_refused(hint: str) -> None:
    with pytest.raises(InputError, match="language"):
        normalize("hi", hint)


@pytest.mark.parametrize("hint", ["English", "en-US", "EN", "auto", ""])
def test_usual_ways_to_name_english_are_understood(hint: str) -> None:
    assert normalize("I have 2 cats", hint).text == "I have two cats"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Hello there, how are you?", "en"),
        ("Привет, как дела?", "ru"),
        ("我有三只猫。", "zh"),
        ("猫が三匹います。", "ja"),
        ("고양이가 있어요.", "ko"),
        ("Der Hund ist nicht klein und die Katze ist groß.", "de"),
        ("Il y a des chats dans la maison et le jardin.", "fr"),
        ("El perro está en la casa y no es pequeño.", "es"),
        ("O cachorro não está na casa e você não viu uma coisa.", "pt"),
        ("Il cane non è nella casa di una amica, ma sono felice.", "it"),
        ("12345", "en"),
    ],
)
def test_language_is_detected(text: str, lang: str) -> None:
    assert detect_language(text) == lang


def test_numbers_belong_to_the_language_around_them() -> None:
    text = "I live here. У меня 3 кота. I have 2 dogs."
    spans = language_spans(text)
    assert [code for *_, code in spans] == ["en", "ru", "en"]
    assert "".join(text[a:b] for a, b, _ in spans) == text
    assert "two dogs" in normalize(text).text


def test_a_foreign_name_takes_no_number_but_a_passage_does() -> None:
    assert [code for *_, code in language_spans("Мы купили iPhone 15 вчера.")] == ["ru"]
    assert [code for *_, code in language_spans("Он сказал: I have 3 cats, и ушёл.")] == ["ru", "en", "ru"]


@pytest.mark.parametrize(
    ("lang", "source", "expected"),
    [
        ("de", "Das kostet 2,50 €.", "Das kostet zwei Euro und fünfzig Cent."),
        ("de", "Am 03.10.1990 war es so.", "Am dritten Oktober neunzehnhundertneunzig war es so."),
        ("fr", "Il a 21 ans.", "Il a vingt et un ans."),
        ("fr", "soit 80 %", "soit quatre-vingts pour cent"),
        ("es", "Cuesta 1.500 €.", "Cuesta mil quinientos euros."),
        ("pt", "Tenho 3 gatos.", "Tenho três gatos."),
        ("it", "il 25/12/2020", "il venticinque dicembre duemilaventi"),
        ("ja", "50%です", "五十パーセントです"),
        ("ko", "3.14", "삼 점 일 사"),
        ("zh", "我有3只猫。", "我有3只猫。"),
    ],
)
def test_other_languages_read_digits_dates_and_money(lang: str, source: str, expected: str) -> None:
    assert normalize(source, lang).text == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\u200bb\u2060c\ufeff", "abc"),
        ("a\u202eb\x07c", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u00a0\u2009b", "a b"),
        ("e\u0301", "é"),
        ("o" + "\u0323" * 50, "ọ" + "\u0323" * 7),
        ("ﬁne ｆｕｌｌ", "fine full"),
    ],
)
def test_invisible_and_odd_characters_are_cleaned(source: str, expected: str) -> None:
    assert normalize(source, "en").text == expected


_HOSTILE = {
    "digits": "7",
    "spaced digits": "12 ",
    "dashes and digits": "1-",
    "dots and digits": "1.",
    "commas and digits": "1,",
    "slashes and digits": "1/",
    "colons and digits": "1:",
    "combining marks": "\u0301\u0323",
    "nested quotes": "“‘",
    "brackets": "([",
    "emoji": "😀🎂",
    "newlines": "\n",
    "blanks": " ",
    "one letter": "a",
    "capitals": "A",
    "dotted capitals": "A.",
    "at signs": "a@",
    "hosts": "www.",
    "schemes": "http://",
    "dollars": "$1",
    "crosses": "3x",
    "hyphens": "a-",
    "apostrophes": "5'",
    "carets": "2^",
    "streets": "Main St. ",
    "joined emoji": "👨\u200d",
    "paths": "/a",
    "equals": "a=",
    "numerals": "Henry I ",
}


@pytest.mark.parametrize("unit", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_time_is_linear_on_hostile_text(unit: str) -> None:
    def cost(chars: int) -> float:
        text = (unit * (chars // len(unit) + 1))[:chars]
        return cpu_s(lambda: normalize(text, "en"))

    cost(2_000)
    small = min(cost(10_000) for _ in range(2))
    # Quadratic work would be 16 times as long; 4 is linear, the rest is room for a busy machine.
    assert cost(40_000) < 10 * small + 0.05


def test_prose_is_fast() -> None:
    sentence = "The fox, who had slept since the early morning, jumped over the dog and ran into the forest. "
    text = sentence * (200_000 // len(sentence))
    normalize(text[:5_000])
    start = time.process_time()
    normalize(text)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("words", range(0, 70, 3))
def test_a_long_line_is_not_cut_after_a_shortened_word(words: int) -> None:
    text = "слово " * words + "и лекция проф. Иванова отменена. Потом просп. Мира перекрыли. " + "слово " * 60
    spoken = normalize(text).text
    assert "и лекция профессора Иванова отменена. Потом проспект Мира перекрыли." in spoken
    assert spoken.startswith("слово " * words)

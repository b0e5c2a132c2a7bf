"""Shortened nouns before a name or a number ("ул.", "г.", "проф.", "рис."): they agree with what is near."""

from __future__ import annotations

import re
from collections.abc import Container

from qwentts_svc.text.normalize.ru.context import ends_sentence, last_word
from qwentts_svc.text.normalize.ru.goal import is_goal
from qwentts_svc.text.normalize.ru.govern import FREE, Governor, governor, tokens_before
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective, part_of_speech
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_MOTION = re.compile(
    r"(?:обра[тщ]|при[еёйшд]|за[йх]|зашё|вой|вош|вход|поех|поед|ед[еу]|пойд|пош|пройд|пройт|переех|заех"
    r"|заед|отправ|поступ|вызва|уех|уезж|съезд|съезж|сход|слет|прилет|вылет|улет|лет[аеи]|привез|увез|пригла|переберут|перебра|перебер|пов[её]рн|сверн|выйд|вышл|выех|въех|вернул|верну[тс])"
)
_TITLES = {
    "проф": "профессор", "акад": "академик", "доц": "доцент", "г-н": "господин", "г-жа": "госпожа", "г-на": "господин",
    "г-ну": "господин",
    "г-ном": "господин", "г-жи": "госпожа", "г-же": "госпожа", "г-жу": "госпожа",
    "г-жой": "госпожа", "д-р": "доктор", "д-ра": "доктор",
    "д-ру": "доктор", "ген": "генерал",
    "полк": "полковник", "кап": "капитан", "лейт": "лейтенант", "тов": "товарищ", "гр": "гражданин", "г": "город",
    "преп": "преподаватель",
    "обл": "область", "р-н": "район", "св": "святой", "пос": "посёлок", "дер": "деревня", "с": "село", "о": "остров",
    "о-в": "остров",
    "оз": "озеро", "р": "река", "хр": "хребет", "п-ов": "полуостров", "ст": "станция", "м": "станция метро",
    "д": "деревня", "респ": "республика", "гос-во": "государство",
}  # fmt: skip
_WRITTEN_FORMS = {
    "г-на": "господина", "г-ну": "господину", "г-ном": "господином", "г-жи": "госпожи", "г-же": "госпоже",
    "г-жу": "госпожу", "г-жой": "госпожой", "д-ра": "доктора", "д-ру": "доктору",
}  # fmt: skip
_PLACES = frozenset(
    ("город", "посёлок", "деревня", "село", "остров", "озеро", "река", "станция", "хребет", "полуостров")
)
_TITLE = re.compile(
    r"(?<![\w.-])((?:[Пп]роф|[Аа]кад|[Дд]оц|[Гг]ен|полк|кап|[Лл]ейт|[Тт]ов|[Гг]р|преп|[Пп]ос|[Дд]ер|[Оо]з"
    r"|хр|[Сс]в)\.|(?:г|с|о|р|ст|д)\."
    r"|[Гг]-(?:на|ну|ном|н|жа|жи|же|жу|жой)|[Дд]-(?:ра|ру|р)|[Оо]-в|[Пп]-ов)"
    r"(?=\s?(?:[А-ЯЁ]\.\s?){0,2}([А-ЯЁ][а-яё]{1,40}))"
)
_AFTER_STOP = re.compile(r"\.\s?\Z")
_AFTER_T = re.compile(r"т\.\s?\Z")
_STREETS = {
    "ул": "улица", "просп": "проспект", "пр-т": "проспект", "пр-кт": "проспект", "пр": "проспект", "пл": "площадь",
    "пер": "переулок",
    "наб": "набережная", "ш": "шоссе", "бул": "бульвар", "б-р": "бульвар", "мкр": "микрорайон", "мкр-н": "микрорайон",
    "пр-д": "проезд", "туп": "тупик",
}  # fmt: skip
_STREET = re.compile(
    r"(?<![\w.-])(?:([Уу]л|[Пп]росп|[Пп]р|[Пп]л|[Пп]ер|[Нн]аб|ш|[Бб]ул|[Мм]кр|туп)\.|([Пп]р-к?т|[Бб]-р"
    r"|мкр-н|[Пп]р-д)\.?)(?=\s?[а-яё]{3,40}\s[А-ЯЁ]|\sтысяча\s|\s?[А-ЯЁ0-9\"])"
)
_STREET_AFTER = re.compile(
    r"(?<=[а-яё] )(?:(ул|пр|просп|пл|пер|наб|ш|бул|обл)\.|(пр-к?т|б-р|р-н|пр-д)(?!\w)\.?)(?!\s?[А-ЯЁ][а-яё])"
)
_NUMBERED = {
    "д": "дом", "кв": "квартира", "корп": "корпус", "к": "корпус", "стр": "страница", "с": "страница",
    "рис": "рисунок", "табл": "таблица", "гл": "глава",
    "ст": "статья", "п": "пункт", "пп": "подпункт", "ч": "часть", "т": "том", "оф": "офис", "эт": "этаж",
    "под": "подъезд", "каб": "кабинет", "ауд": "аудитория",
    "вып": "выпуск", "разд": "раздел", "прил": "приложение", "абз": "абзац", "илл": "иллюстрация", "пар": "параграф",
    "пом": "помещение", "комн": "комната",
    "строен": "строение", "лит": "литера", "абон": "абонент", "N": "номер", "прим": "примечание", "сх": "схема",
    "уч": "участок", "зд": "здание", "вл": "владение",
}  # fmt: skip
_NUMBERED_PATTERN = re.compile(
    r"(?<![\w.-])("
    + "|".join(sorted(_NUMBERED, key=len, reverse=True))
    + r")\.\s?(?=(?-i:[0-9IVX]{1,5}(?![0-9])|[а-яё]{2,20}\sточка\s))",
    re.IGNORECASE,
)
_LAW_PARTS = frozenset(("п", "ч", "ст", "разд", "гл", "прил", "абз"))
_LAW_PART_BEFORE = re.compile(
    r"(?<![\w.])(?i:п|пп|подп|ч|абз|ст|пункт\w{0,3}|подпункт\w{0,3}|част\w{1,3}|абзац\w{0,3}|стат\w{1,3})\.?\s?[0-9]{1,4}(?:\.[0-9]{1,2})?,?\s\Z"
)
_SEVERAL = re.compile(r"[0-9]{1,5}(?:\s?[-–—]\s?|\sи\s)[0-9]")
_HOURS = frozenset(("час", "часа", "часов"))
_SEE = frozenset(("см", "смотри", "смотрите", "ср"))


def _governor(text: str, start: int) -> Governor:
    """What governs a shortened noun: nothing that a comma parts from it ("в 9:20, каб. 305")."""
    return FREE if text.endswith((",", ", "), 0, start) else governor(text, start)


def free_case(text: str, start: int) -> Case:
    """The case of a noun put in front of a name that does not agree with it ("на ул. Ленина")."""
    asked = _governor(text, start)
    if asked.word:
        if asked.word in ("в", "во", "на", "о", "об"):
            verb = next((token for token in tokens_before(text, start)[1:2]), "")
            return "accs" if asked.word in ("в", "на") and _MOTION.match(verb.lower()) else "loct"
        return "datv" if asked.word == "по" else "gent" if asked.word in ("с", "со") else asked.cases[0]
    word = last_word(text, start)
    tokens = tokens_before(text, start)[:2]
    if word.lower() in _SEE or (tokens[:1] == ["."] and tokens[1:] and tokens[1].lower() in _SEE):
        return "accs"
    if word.lower() in _HOURS:
        return "nomn"  # "в 18:00 каб. 305"
    return "gent" if word and word[0].islower() and part_of_speech(word) == "NOUN" else "nomn"


def _title(match: re.Match[str], _: RuleContext) -> str | None:
    written, name = match.groups()
    short = written.rstrip(".")
    lemma = _TITLES[short.lower()]
    text, start = match.string, match.start()
    if short == "д" and _AFTER_STOP.search(text, max(0, start - 4), start):
        return None  # "и т. д."
    if short in ("с", "о", "р", "ст", "г", "д") and last_word(text, start)[:1].isdigit():
        return None
    if short in ("с", "о", "р") and re.match(r"\.\s?[А-ЯЁ]\.", text[match.end() - 1 : match.end() + 3]):
        return None
    if short[0].isupper() and len(short) == 1:
        return None
    if (form := _WRITTEN_FORMS.get(short.lower())) is not None:
        return (form.capitalize() if written[0].isupper() else form) + (
            "" if text[match.end() : match.end() + 1] == " " else " "
        )
    case = title_case(lemma, name, text, start)
    head, _space, tail = lemma.partition(" ")
    if lemma == "святой":
        readings = forms(name)
        spoken = inflect_adjective(lemma, case, readings[0].gender if readings else "masc")
        if case == "accs":
            spoken = inflect_adjective(lemma, "gent", "masc")
    else:
        spoken = inflect(head, case, "sing") + (f" {tail}" if tail else "")
    if written[0].isupper():
        spoken = spoken.capitalize()
    return spoken + ("" if text[match.end() : match.end() + 1] == " " else " ")


def title_case(lemma: str, name: str, text: str, start: int) -> Case:
    """The case of a title before ``name``: what the words around ask for and the name's form allows."""
    asked = _governor(text, start)
    cases = [form.case for form in forms(name) if form.number == "sing" and not form.adjective]
    preferred: tuple[Case, ...] = asked.cases
    if asked.word in ("в", "во", "на") and lemma in _PLACES:
        return _place_case({form.case for form in forms(name)}, text, start)
    if asked.word:
        agreed = next((case for case in preferred if case in cases), None)
        if agreed:
            return agreed
        return free_case(text, start)
    word = last_word(text, start)
    after_noun = (
        bool(word)
        and part_of_speech(word) in ("NOUN", "ADJF")
        and (word[0].islower() or not any(form.proper for form in forms(word)[:1]))
    )
    if after_noun and "gent" in cases:
        return "gent"
    if after_noun and lemma in _PLACES and forms(word)[:1] and forms(word)[0].animate:
        return "gent"  # "жители с. Ивановка"
    if "nomn" in cases or not cases or any(form.case == "nomn" for form in forms(name)):
        return "nomn"
    return cases[0]


def _place_case(named: Container[Case], text: str, start: int) -> Case:
    """The case of a kind of place after "в" or "на", before a name that can be in the cases ``named``."""
    whither, where = "accs" in named, "loct" in named
    if whither != where and "nomn" not in named:
        return "accs" if whither else "loct"
    return "accs" if is_goal(text, start) else "loct"


def _street(match: re.Match[str], _: RuleContext) -> str:
    written = match.group(1) or match.group(2)
    short = written.lower()
    spoken = inflect_street(_STREETS[short], free_case(match.string, match.start()))
    if written[0].isupper():
        spoken = spoken.capitalize()
    return spoken + ("" if match.string[match.end() : match.end() + 1] == " " else " ")


def inflect_street(lemma: str, case: Case) -> str:
    """A kind of street in ``case``; "набережная" declines as an adjective."""
    return inflect_adjective("набережный", case, "femn") if lemma == "набережная" else inflect(lemma, case, "sing")


def _street_after(match: re.Match[str], _: RuleContext) -> str | None:
    short = (match.group(1) or match.group(2)).lower()
    lemma = {"обл": "область", "р-н": "район"}.get(short) or _STREETS[short]
    text = match.string
    word = last_word(text, match.start())
    readings = [form for form in forms(word) if form.adjective and form.number == "sing"]
    if not readings:
        return None
    asked = governor(text, match.start() - len(word) - 1)
    order: tuple[Case, ...] = (
        ("loct", "accs") if asked.word in ("в", "на") else asked.cases if asked.word else ("nomn", "gent")
    )
    case = next((case for case in order if any(form.case == case for form in readings)), readings[0].case)
    kept = "." if match.group(1) and ends_sentence(text, match.end()) else ""
    return inflect_street(lemma, case) + kept


def _numbered(match: re.Match[str], _: RuleContext) -> str | None:
    short, text, start = match.group(1), match.string, match.start()
    before = last_word(text, start)
    part_of = short.lower() in _LAW_PARTS and _LAW_PART_BEFORE.search(text, max(0, start - 30), start) is not None
    if short == "ч" and _AFTER_T.search(text, max(0, start - 3), start):
        return None  # "в т. ч."
    if before[:1].isdigit() and short.lower() in ("с", "ч", "т", "д", "к", "п") and not part_of:
        return None
    lemma = _NUMBERED.get(short) or _NUMBERED[short.lower()]
    if short.lower() == "стр" and re.search(
        r"(?:\bд\.|дом)\s?[\w/]{1,40}(?: [\w/]{1,20}){0,3},?\s(?:корп\w*\.? ?\w{1,20},?\s)?$",
        text[max(0, start - 60) : start],
    ):
        lemma = "строение"
    several = _SEVERAL.match(text, match.end()) is not None
    case: Case = "gent" if part_of else free_case(text, start)
    spoken = inflect(lemma, case, "plur" if several else "sing")
    return (spoken.capitalize() if short[0].isupper() and short != "N" else spoken) + " "


_IS_STREET = shortened((*(word.partition("-")[0] for word in _STREETS), "обл", "р"))
_IS_TITLE = shortened(word.partition("-")[0] for word in _TITLES)

RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", frozenset("."), _NUMBERED_PATTERN, _numbered, re.compile(r"\. ?[0-9IVXа-яё]")),
    PatternRule("abbreviation", frozenset(".-"), _STREET, _street, _IS_STREET),
    PatternRule("abbreviation", frozenset(".-"), _STREET_AFTER, _street_after, _IS_STREET),
    PatternRule("abbreviation", frozenset(".-"), _TITLE, _title, _IS_TITLE),
)

"""Shortened words and phrases. Nouns before a name or a number ("ул.", "г.", "проф.", "рис.") agree with what is near."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.ru.context import ends_sentence, last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective, part_of_speech

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"и\sт\.\s?д\.", "и так далее"), (r"и\sт\.\s?п\.", "и тому подобное"), (r"и\sпр\.", "и прочее"), (r"и\sмн\.\s?др\.", "и многие другие"),
    (r"и\sдр\.", "и другие"), (r"т\.\s?е\.", "то есть"), (r"т\.\s?к\.", "так как"), (r"т\.\s?о\.", "таким образом"),
    (r"в\sт\.\s?ч\.", "в том числе"), (r"до\sн\.\s?э\.", "до нашей эры"), (r"н\.\s?э\.", "нашей эры"), (r"т\.\s?ч\.", "так что"),
    (r"напр\.", "например"), (r"см\.\s?также", "смотри также"), (r"см\.(?!\s?[/²³])", "смотри"), (r"ср\.(?=\s[А-Яа-яё])", "сравни"),
    (r"ок\.", "около"), (r"прибл\.", "приблизительно"), (r"мин\.\s?вод", "минвод"), (r"с\.\s?г\.", "сего года"), (r"т\.\s?г\.", "текущего года"),
    (r"под\sред\.", "под редакцией"), (r"ред\.", "редактор"), (r"и\.\s?о\.(?=\s[а-яё])", "исполняющий обязанности"),
    (r"с\.-х\.", "сельскохозяйственный"), (r"англ\.", "английский"), (r"нем\.", "немецкий"), (r"фр\.", "французский"), (r"лат\.", "латинский"),
    (r"греч\.", "греческий"), (r"рус\.", "русский"), (r"исп\.", "испанский"), (r"итал\.", "итальянский"), (r"яп\.", "японский"),
    (r"букв\.", "буквально"), (r"устар\.", "устаревшее"), (r"разг\.", "разговорное"), (r"прим\.", "примечание"), (r"род\.", "родился"),
    (r"ум\.(?=\s(?:в|[0-9]))", "умер"), (r"обл\.", "область"), (r"тел\.", "телефон"), (r"моб\.", "мобильный"), (r"факс\.", "факс"),
    (r"мл\.(?=\s[а-яё])", "младший"), (r"ст\.(?=\s(?:научн|преподават|лейт|серж))", "старший"), (r"зав\.", "заведующий"), (r"зам\.", "заместитель"),
    (r"гл\.(?=\s(?:ред|врач|инж|бух|герой))", "главный"), (r"инж\.", "инженер"), (r"адм\.", "административный"), (r"муз\.", "музыка"),
    (r"мин\.", "минимум"), (r"макс\.", "максимум"), (r"сокр\.", "сокращённо"), (r"нач\.", "начало"), (r"кон\.", "конец"), (r"сер\.", "середина"),
    (r"пн\.", "понедельник"), (r"вт\.", "вторник"), (r"чт\.", "четверг"), (r"пт\.", "пятница"), (r"сб\.", "суббота"),
    (r"P\.\s?S\.", "постскриптум"), (r"б/у", "бывший в употреблении"), (r"в/о", "высшее образование"), (r"м/ж", "мужчина или женщина"),
    (r"руб\.", "рублей"), (r"коп\.", "копеек"), (r"чел\.", "человек"), (r"тыс\.", "тысяч"), (r"млн\.?", "миллионов"), (r"млрд\.?", "миллиардов"),
    (r"шт\.", "штук"), (r"долл\.", "долларов"), (r"эл\.\s?почта", "электронная почта"), (r"кол-во", "количество"), (r"кол-ва", "количества"),
    (r"п/п", "по порядку"), (r"кв\.(?=\sметр)", "квадратных"),
    (r"им\.(?=\s?[А-ЯЁ])", "имени"), (r"ж/д", "железнодорожный"), (r"р/с", "расчётный счёт"), (r"ч/б", "чёрно-белый"), (r"х/б", "хлопчатобумажный"),
)  # fmt: skip
_REPLACEMENTS = [text for _, text in _PHRASES]
_PHRASE = re.compile(r"(?<![\w.-])(?i:" + "|".join(f"({pattern})" for pattern, _ in _PHRASES) + r")(?!\w)")
_ADJECTIVES = {"сельскохозяйственный", "железнодорожный", "мобильный", "административный", "чёрно-белый", "хлопчатобумажный"}

_TITLES = {
    "проф": "профессор", "акад": "академик", "доц": "доцент", "г-н": "господин", "г-жа": "госпожа", "г-на": "господин", "г-ну": "господин",
    "г-ном": "господин", "г-жи": "госпожа", "г-же": "госпожа", "г-жу": "госпожа", "д-р": "доктор", "д-ра": "доктор", "д-ру": "доктор", "ген": "генерал",
    "полк": "полковник", "кап": "капитан", "лейт": "лейтенант", "тов": "товарищ", "гр": "гражданин", "г": "город", "преп": "преподаватель",
    "обл": "область", "р-н": "район", "св": "святой", "пос": "посёлок", "дер": "деревня", "с": "село", "о": "остров", "о-в": "остров",
    "оз": "озеро", "р": "река", "хр": "хребет", "п-ов": "полуостров", "ст": "станция", "м": "станция метро", "респ": "республика", "гос-во": "государство",
}  # fmt: skip
_PLACES = frozenset(("город", "посёлок", "деревня", "село", "остров", "озеро", "река", "станция", "хребет", "полуостров"))
_TITLE = re.compile(
    r"(?<![\w.-])((?:проф|акад|доц|ген|полк|кап|лейт|тов|гр|преп|пос|дер|оз|хр|св)\.|(?:г|с|о|р|ст)\.|г-на|г-ну|г-ном|г-н|г-жа|г-жи|г-же|г-жу|д-ра|д-ру|д-р|о-в|п-ов)"
    r"(?=\s?(?:[А-ЯЁ]\.\s?){0,2}([А-ЯЁ][а-яё]{1,40}))"
)
_STREETS = {
    "ул": "улица", "просп": "проспект", "пр-т": "проспект", "пр-кт": "проспект", "пр": "проспект", "пл": "площадь", "пер": "переулок",
    "наб": "набережная", "ш": "шоссе", "бул": "бульвар", "б-р": "бульвар", "мкр": "микрорайон", "мкр-н": "микрорайон", "пр-д": "проезд", "туп": "тупик",
}  # fmt: skip
_STREET = re.compile(r"(?<![\w.-])(?:(ул|просп|пр|пл|пер|наб|ш|бул|мкр|туп)\.|(пр-к?т|б-р|мкр-н|пр-д)\.?)(?=\s?[А-ЯЁ0-9\"])")
_STREET_AFTER = re.compile(r"(?<=[а-яё] )(?:(ул|просп|пл|пер|наб|ш|бул|обл)\.|(пр-к?т|б-р|р-н)(?!\w)\.?)(?!\s?[А-ЯЁ][а-яё])")
_NUMBERED = {
    "д": "дом", "кв": "квартира", "корп": "корпус", "к": "корпус", "стр": "страница", "с": "страница", "рис": "рисунок", "табл": "таблица", "гл": "глава",
    "ст": "статья", "п": "пункт", "пп": "подпункт", "ч": "часть", "т": "том", "оф": "офис", "эт": "этаж", "под": "подъезд", "каб": "кабинет", "ауд": "аудитория",
    "вып": "выпуск", "разд": "раздел", "прил": "приложение", "абз": "абзац", "илл": "иллюстрация", "пар": "параграф", "пом": "помещение", "комн": "комната",
    "строен": "строение", "лит": "литера", "абон": "абонент", "N": "номер", "прим": "примечание", "сх": "схема", "уч": "участок", "вл": "владение",
}  # fmt: skip
_NUMBERED_PATTERN = re.compile(
    r"(?<![\w.-])(" + "|".join(sorted(_NUMBERED, key=len, reverse=True)) + r")\.\s?(?=[0-9IVX]{1,5}(?![0-9]))", re.IGNORECASE
)
_SEE = frozenset(("см", "смотри", "смотрите", "ср"))


def _phrase(match: re.Match[str], _: RuleContext) -> str | None:
    written, text = match.group(), match.string
    spoken = _REPLACEMENTS[(match.lastindex or 1) - 1]
    if spoken == "родился" and not re.match(r"\s(?:в|[0-9])", text[match.end() : match.end() + 2]):
        return None
    if spoken == "минимум" and last_word(text, match.start())[:1].isdigit():
        return None
    if spoken in _ADJECTIVES:
        spoken = _agreeing(spoken, text, match.end())
    if written[0].isupper() and written[:2] != "P.":
        spoken = spoken[0].upper() + spoken[1:]
    kept = "." if written.endswith(".") and ends_sentence(text, match.end()) and not _runs_on(written, text, match.end()) else ""
    return spoken + kept


def _runs_on(written: str, text: str, end: int) -> bool:
    """Whether the shortened word needs the capitalized word after it ("им. Пушкина"), so that its stop ends nothing."""
    return bool(text[end:].strip()) and written.lower().rstrip(".") in (
        "им", "см", "напр", "ср", "т. е", "т.е", "т. к", "т.к", "ок", "под ред", "англ", "нем", "лат", "фр", "греч", "зам", "зав", "в т. ч", "в т.ч", "инж", "до н. э", "тел",
    )  # fmt: skip


def _agreeing(adjective: str, text: str, pos: int) -> str:
    word = re.match(r"\s?([а-яё]{2,30})", text[pos : pos + 32])
    readings = [form for form in forms(word.group(1)) if not form.adjective] if word else []
    if not readings:
        return adjective
    form = readings[0]
    return inflect_adjective(adjective, form.case, "plur" if form.number == "plur" else form.gender)


def _free_case(text: str, start: int) -> Case:
    """The case of a noun put in front of a name that does not agree with it ("на ул. Ленина")."""
    asked = governor(text, start)
    if asked.word:
        if asked.word in ("в", "во", "на", "о", "об"):
            return "loct"
        return "datv" if asked.word == "по" else "gent" if asked.word in ("с", "со") else asked.cases[0]
    word = last_word(text, start)
    if word.lower() in _SEE:
        return "accs"
    return "gent" if word and word[0].islower() and part_of_speech(word) == "NOUN" else "nomn"


def _title(match: re.Match[str], _: RuleContext) -> str | None:
    written, name = match.groups()
    short = written.rstrip(".")
    lemma = _TITLES[short.lower()]
    text, start = match.string, match.start()
    if short in ("с", "о", "р", "ст", "г") and last_word(text, start)[:1].isdigit():
        return None
    if short in ("с", "о", "р") and re.match(r"\.\s?[А-ЯЁ]\.", text[match.end() - 1 : match.end() + 3]):
        return None
    if short[0].isupper() and len(short) == 1:
        return None
    case = _title_case(lemma, name, text, start)
    head, _, tail = lemma.partition(" ")
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


def _title_case(lemma: str, name: str, text: str, start: int) -> Case:
    asked = governor(text, start)
    cases = [form.case for form in forms(name) if form.number == "sing" and not form.adjective]
    preferred: tuple[Case, ...] = asked.cases
    if asked.word in ("в", "во", "на") and lemma in _PLACES:
        preferred = ("loct", "accs")
    if asked.word:
        agreed = next((case for case in preferred if case in cases), None)
        if agreed:
            return agreed
        return _free_case(text, start)
    word = last_word(text, start)
    after_noun = bool(word) and word[0].islower() and part_of_speech(word) in ("NOUN", "ADJF")
    if after_noun and "gent" in cases:
        return "gent"
    if "nomn" in cases or not cases:
        return "nomn"
    return cases[0]


def _street(match: re.Match[str], _: RuleContext) -> str:
    short = (match.group(1) or match.group(2)).lower()
    spoken = inflect_street(_STREETS[short], _free_case(match.string, match.start()))
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
    order: tuple[Case, ...] = ("loct", "accs") if asked.word in ("в", "на") else asked.cases if asked.word else ("nomn", "gent")
    case = next((case for case in order if any(form.case == case for form in readings)), readings[0].case)
    kept = "." if match.group(1) and ends_sentence(text, match.end()) else ""
    return inflect_street(lemma, case) + kept


def _numbered(match: re.Match[str], _: RuleContext) -> str | None:
    short, text, start = match.group(1), match.string, match.start()
    before = last_word(text, start)
    if before[:1].isdigit() and short.lower() in ("с", "ч", "т", "д", "к", "п"):
        return None
    lemma = _NUMBERED.get(short) or _NUMBERED[short.lower()]
    if short.lower() == "стр" and re.search(r"(?:\bд\.|дом)\s?\w{1,40}(?: \w{1,20})?,?\s(?:корп\w*\.? ?\w{1,20},?\s)?$", text[max(0, start - 60) : start]):
        lemma = "строение"
    spoken = inflect(lemma, _free_case(text, start), "sing")
    return (spoken.capitalize() if short[0].isupper() and short != "N" else spoken) + " "


RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", frozenset("."), _NUMBERED_PATTERN, _numbered, re.compile(r"\. ?[0-9IVX]")),
    PatternRule("abbreviation", frozenset(".-"), _STREET, _street),
    PatternRule("abbreviation", frozenset(".-"), _STREET_AFTER, _street_after),
    PatternRule("abbreviation", frozenset(".-"), _TITLE, _title),
    PatternRule("abbreviation", frozenset("./-м"), _PHRASE, _phrase, re.compile(r"[а-яёА-ЯЁSP][./]|-в|млн|млрд")),
)

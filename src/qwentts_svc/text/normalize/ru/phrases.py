"""Shortened phrases and words that stand by themselves ("и т. д.", "т. е.", "напр.", "тыс.")."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.abbreviations import free_case
from qwentts_svc.text.normalize.ru.context import ends_sentence, last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective
from qwentts_svc.text.normalize.rule import DIGITS, Edit, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"и\sт\.\s?д\.", "и так далее"), (r"и\sт\.\s?п\.", "и тому подобное"), (r"и\sпр\.", "и прочее"),
    (r"и\sмн\.\s?др\.", "и многие другие"), (r"и\sдр\.", "и другие"), (r"т\.\s?е\.", "то есть"),
    (r"т\.\s?к\.", "так как"), (r"т\.\s?о\.", "таким образом"), (r"т\.\s?н\.", "так называемый"),
    (r"в\sт\.\s?ч\.", "в том числе"), (r"до\sн\.\s?э\.", "до нашей эры"), (r"н\.\s?э\.", "нашей эры"),
    (r"т\.\s?ч\.", "так что"), (r"напр\.", "например"), (r"см\.\s?также", "смотри также"),
    (r"см\.(?!\s?[/²³])", "смотри"), (r"ср\.(?=\s[А-Яа-яё])", "сравни"), (r"ок\.", "около"),
    (r"прибл\.", "приблизительно"), (r"мин\.\s?вод", "минвод"), (r"с\.\s?г\.", "сего года"),
    (r"т\.\s?г\.", "текущего года"), (r"под\sред\.", "под редакцией"), (r"ред\.", "редактор"),
    (r"и\.\s?о\.(?=\s[а-яё])", "исполняющий обязанности"), (r"с\.-х\.", "сельскохозяйственный"),
    (r"англ\.", "английский"), (r"нем\.", "немецкий"), (r"фр\.", "французский"), (r"лат\.", "латинский"),
    (r"греч\.", "греческий"), (r"рус\.", "русский"), (r"исп\.", "испанский"), (r"итал\.", "итальянский"),
    (r"яп\.", "японский"), (r"букв\.", "буквально"), (r"ур\.\s?м\.", "уровня моря"), (r"сост\.", "состоянию"),
    (r"в\sср\.(?=\s(?:на|по|за|около|примерно|приходит|составля))", "в среднем"),
    (r"с\.\s?ш\.", "северной широты"), (r"ю\.\s?ш\.", "южной широты"), (r"в\.\s?д\.", "восточной долготы"),
    (r"з\.\s?д\.", "западной долготы"), (r"устар\.", "устаревшее"), (r"разг\.", "разговорное"),
    (r"прим\.", "примечание"), (r"род\.", "родился"), (r"ум\.(?=\s(?:в|[0-9]))", "умер"), (r"обл\.", "область"),
    (r"тел\.", "телефон"), (r"моб\.", "мобильный"), (r"факс\.", "факс"), (r"мл\.(?=\s[а-яё])", "младший"),
    (r"ст\.(?=\s(?:научн|преподават|лейт|серж))", "старший"), (r"зав\.", "заведующий"), (r"зам\.", "заместитель"),
    (r"гл\.(?=\s(?:ред|врач|инж|бух|герой))", "главный"), (r"инж\.", "инженер"), (r"адм\.", "административный"),
    (r"муз\.", "музыка"), (r"мин\.", "минимум"), (r"макс\.", "максимум"), (r"сокр\.", "сокращённо"),
    (r"нач\.", "начало"), (r"кон\.", "конец"), (r"сер\.", "середина"), (r"пн\.", "понедельник"), (r"вт\.", "вторник"),
    (r"чт\.", "четверг"), (r"пт\.", "пятница"), (r"сб\.", "суббота"), (r"P\.\s?S\.", "постскриптум"),
    (r"ст\.\s?м\.", "станция метро"), (r"а/м", "автомобиль"), (r"б/у", "бывший в употреблении"),
    (r"в/о", "высшее образование"), (r"м/ж", "мужчина или женщина"), (r"руб\.", "рублей"), (r"коп\.", "копеек"),
    (r"чел\.", "человек"), (r"тыс\.", "тысяч"), (r"млн\.?", "миллионов"), (r"млрд\.?", "миллиардов"),
    (r"шт\.", "штук"), (r"долл\.", "долларов"), (r"эл\.\s?почта", "электронная почта"), (r"кол-во", "количество"),
    (r"кол-ва", "количества"), (r"мин-во", "министерство"), (r"мин-ва", "министерства"), (r"мин-ву", "министерству"),
    (r"канд\.(?=\s[а-яё.\s-]{0,20}наук)", "кандидат"), (r"п/п", "по порядку"), (r"кв\.(?=\sметр)", "квадратных"),
    (r"им\.(?=\s?[А-ЯЁ])", "имени"), (r"ж/д", "железнодорожный"), (r"р/с", "расчётный счёт"), (r"ч/б", "чёрно-белый"),
    (r"х/б", "хлопчатобумажный"),
)  # fmt: skip
_DECLINED = frozenset(("телефон", "область", "станция метро"))
_ADJECTIVES = {
    "сельскохозяйственный",
    "железнодорожный",
    "мобильный",
    "административный",
    "чёрно-белый",
    "хлопчатобумажный",
}

_ABOUT = re.compile(r"(?<![\w.-])([Оо]к|[Пп]рибл)\.(?=\s[0-9])")


def _by_first_word() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for pattern, spoken in _PHRASES:
        first = re.match("[А-Яа-яёA-Za-z]+", pattern)
        if first is not None:
            compiled = re.compile(f"(?i:{pattern})(?!\\w)")
            found.setdefault(first.group().lower(), []).append((compiled, spoken))
    return found


_BY_FIRST = _by_first_word()
# A shortened word is followed by its stop, slash or hyphen; a phrase of several begins with a short word.
_CANDIDATE = re.compile(
    r"(?<![\w.-])(?:([А-Яа-яёЁPS]{1,8})(?=[./-])|([Ии]|[Вв]|[Дд]о|[Пп]од)(?=\s(?:т|пр|мн|др|н|ред|ср)\.)|(млн|млрд)(?!\w))"
)
_IS_SHORTENED = shortened((*_BY_FIRST, "пр", "мн", "др", "н", "т", "ред", "ср"))


class PhraseRule:
    """Looks each candidate up by its first word."""

    name = "abbreviation"
    triggers: frozenset[str] | None = frozenset("./-м")
    patterns = (_CANDIDATE,)

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        edits: list[Edit] = []
        if not _IS_SHORTENED(text) and "млн" not in text and "млрд" not in text:
            return edits
        end = 0
        for candidate in _CANDIDATE.finditer(text):
            if candidate.start() < end:
                continue
            for pattern, spoken in _BY_FIRST.get(candidate.group().lower(), ()):
                match = pattern.match(text, candidate.start())
                said = _phrase(match, spoken) if match else None
                if match and said is not None:
                    edits.append(Edit(match.start(), match.end(), said))
                    end = match.end()
                    break
        return edits


def _phrase(match: re.Match[str], spoken: str) -> str | None:
    written, text = match.group(), match.string
    if spoken == "родился" and not re.match(r"\s(?:в|[0-9])", text[match.end() : match.end() + 2]):
        return None
    if spoken == "минимум" and last_word(text, match.start())[:1].isdigit():
        return None
    if spoken == "уровня моря" and last_word(text, match.start()) == "над":
        spoken = "уровнем моря"
    elif spoken == "состоянию" and last_word(text, match.start()).lower() != "по":
        return None
    elif spoken == "сравни" and last_word(text, match.start()).lower() in ("в", "по"):
        return None  # "в среду", "в среднем", "по средам"
    if spoken == "так называемый":
        spoken = "так " + _agreeing("называемый", text, match.end())
    elif spoken in _ADJECTIVES:
        spoken = _agreeing(spoken, text, match.end())
    if spoken in _DECLINED:
        head, _space, tail = spoken.partition(" ")
        spoken = inflect(head, free_case(text, match.start()), "sing") + (f" {tail}" if tail else "")
    if written[0].isupper() and written[:2] != "P.":
        spoken = spoken[0].upper() + spoken[1:]
    kept = (
        "."
        if written.endswith(".") and ends_sentence(text, match.end()) and not _runs_on(written, text, match.end())
        else ""
    )
    return spoken + kept


def _runs_on(written: str, text: str, end: int) -> bool:
    """Whether the shortened word needs the capitalized word after it ("им. Пушкина"), so that its stop ends nothing."""
    return bool(text[end:].strip()) and written.lower().rstrip(".") in (
        "им", "см", "напр", "ср", "т. е", "т.е", "т. к", "т.к", "ок", "под ред", "англ", "нем", "лат", "фр", "греч",
        "зам", "зав", "в т. ч", "в т.ч", "инж", "до н. э", "тел", "ст. м", "ст.м",
    )  # fmt: skip


def _agreeing(adjective: str, text: str, pos: int) -> str:
    word = re.match(r'\s?["(]?([а-яё]{2,30})', text[pos : pos + 32])
    readings = [form for form in forms(word.group(1)) if not form.adjective] if word else []
    if not readings:
        return adjective
    form = readings[0]
    return inflect_adjective(adjective, form.case, "plur" if form.number == "plur" else form.gender)


def _about(match: re.Match[str], _: RuleContext) -> str:
    spoken = "около" if match.group(1).lower() == "ок" else "приблизительно"
    return spoken.capitalize() if match.group(1)[0].isupper() else spoken


_SPOON = re.compile(r"(?<=[0-9½¼¾] )(ст|ч)\.(?=\sлож(ка|ки|ку|кой|ке|ек|кам|ками|ках)(?!\w))")
_SPOON_ENDS = {
    "ка": "ая",
    "ки": "ые",
    "ку": "ую",
    "кой": "ой",
    "ке": "ой",
    "ек": "ых",
    "кам": "ым",
    "ками": "ыми",
    "ках": "ых",
}


def _spoon(match: re.Match[str], _: RuleContext) -> str:
    stem = "столов" if match.group(1) == "ст" else "чайн"
    end = _SPOON_ENDS[match.group(2)]
    if match.group(2) == "ки" and match.string[match.start() - 2] in "½¼¾":
        end = "ой"
    return stem + end


_SCIENCES = {
    "т": "технических", "м": "медицинских", "э": "экономических", "ю": "юридических", "и": "исторических",
    "х": "химических", "б": "биологических", "п": "педагогических", "ф": "филологических", "г": "географических",
    "ф.-м": "физико-математических", "с.-х": "сельскохозяйственных",
}  # fmt: skip
_DEGREE = re.compile(r"(?<![\w.-])([КкДд])\.\s?(ф\.-м|с\.-х|[тмэюихбпфг])\.\s?н\.")


def _degree(match: re.Match[str], _: RuleContext) -> str:
    """ "к. т. н.", "д. м. н." """
    written, science = match.groups()
    case = governor(match.string, match.start()).cases[0]
    spoken = inflect("кандидат" if written.lower() == "к" else "доктор", case, "sing") + f" {_SCIENCES[science]} наук"
    at_end = not match.string[match.end() :].strip()
    return (spoken.capitalize() if written.isupper() else spoken) + ("." if at_end else "")


_WAYS = {"п/к": "подкожно", "в/в": "внутривенно", "в/м": "внутримышечно"}
_WAY = re.compile(r"(?<![\w/])(п/к|в/[вм])(?![\w/])")
_DOSE = re.compile(r"(?i:[0-9]\s?(?:мл|мг|мкг|г|ед|ме)\.?\s?\Z|ввод|ввест|укол|инъекц|препарат|струйно|капельно)")


def _way(match: re.Match[str], _: RuleContext) -> str | None:
    """How a medicine is given; only beside a dose or a word about giving it."""
    if _DOSE.search(match.string, max(0, match.start() - 40), match.start()):
        return _WAYS[match.group(1)]
    return None


_HEAT = re.compile(r"(?<!\w)((?i:при))\s[tтT]\s?°?(?:\s?=)?(?=\s?[-−+]?[0-9])")


def _heat(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1)} температуре "


EARLY: tuple[Rule, ...] = (
    PatternRule("abbreviation", DIGITS, _HEAT, _heat, re.compile("(?i:при) [tтT]")),
    PatternRule("abbreviation", frozenset("."), _DEGREE, _degree, shortened(("н",))),
    PatternRule("abbreviation", frozenset("/"), _WAY, _way, re.compile("[вп]/[вмк]")),
    PatternRule("abbreviation", frozenset("."), _ABOUT, _about),
    PatternRule("abbreviation", frozenset("."), _SPOON, _spoon),
)
RULES: tuple[Rule, ...] = (PhraseRule(),)

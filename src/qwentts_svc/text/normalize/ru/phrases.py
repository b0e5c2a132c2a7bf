"""Shortened phrases and words that stand by themselves ("и т. д.", "т. е.", "напр.", "тыс.")."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.abbreviations import free_case
from qwentts_svc.text.normalize.ru.attributes import agreeing, described
from qwentts_svc.text.normalize.ru.context import ends_sentence, last_word
from qwentts_svc.text.normalize.ru.morph import forms, inflect, part_of_speech
from qwentts_svc.text.normalize.rule import Edit, Rule, RuleContext, WordGate
from qwentts_svc.text.normalize.stops import shortened

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"и\sт\.\s?д\.", "и так далее"), (r"и\sт\.\s?п\.", "и тому подобное"), (r"и\sпр\.", "и прочее"),
    (r"и\sмн\.\s?др\.", "и многие другие"), (r"и\sдр\.", "и другие"), (r"т\.\s?е\.", "то есть"),
    (r"т\.\s?к\.", "так как"), (r"т\.\s?о\.", "таким образом"), (r"т\.\s?н\.", "так называемый"),
    (r"в\sт\.\s?ч\.", "в том числе"), (r"до\sн\.\s?э\.", "до нашей эры"), (r"н\.\s?э\.", "нашей эры"),
    (r"т\.\s?ч\.", "так что"), (r"напр\.", "например"), (r"см\.\s?также", "смотри также"),
    (r"см\.(?!\s?[/²³])", "смотри"), (r"ср\.(?=\s[А-Яа-яё])", "сравни"), (r"ок\.", "около"),
    (r"прибл\.", "приблизительно"), (r"мин\.\s?вод", "минвод"), (r"с\.\s?г\.", "сего года"),
    (r"т\.\s?г\.", "текущего года"), (r"под\sред\.", "под редакцией"),
    (r"в\sред\.(?=\s(?:от|Ф|з))", "в редакции"), (r"ред\.", "редактор"),
    (r"и\.\s?о\.(?=\s[а-яё])", "исполняющий обязанности"), (r"с\.-х\.", "сельскохозяйственный"),
    (r"англ\.", "английский"), (r"нем\.", "немецкий"), (r"фр\.", "французский"), (r"лат\.", "латинский"),
    (r"греч\.", "греческий"), (r"рус\.", "русский"), (r"исп\.", "испанский"), (r"итал\.", "итальянский"),
    (r"яп\.", "японский"), (r"букв\.", "буквально"), (r"ур\.\s?м\.", "уровня моря"), (r"сост\.", "состоянию"),
    (r"в\sср\.(?=\s(?:на|по|за|около|примерно|приходит|составля))", "в среднем"),
    (r"с\.\s?ш\.", "северной широты"), (r"ю\.\s?ш\.", "южной широты"), (r"в\.\s?д\.", "восточной долготы"),
    (r"з\.\s?д\.", "западной долготы"), (r"устар\.", "устаревшее"), (r"разг\.", "разговорное"),
    (r"прим\.", "примечание"), (r"род\.", "родился"), (r"ум\.(?=\s(?:в|[0-9]))", "умер"),
    (r"обл\.(?=\s(?:центр|больниц|суд|дум|театр|бюджет))", "областной"), (r"обл\.", "область"),
    (r"тел\.", "телефон"), (r"моб\.", "мобильный"), (r"факс\.", "факс"), (r"мл\.(?=\s[а-яё])", "младший"),
    (r"ст\.(?=\s(?:научн|преподават|лейт|серж))", "старший"), (r"зав\.", "заведующий"), (r"зам\.", "заместитель"),
    (r"гл\.(?=\s(?:ред|врач|инж|бух|геро[йяюеи]|конструктор|технолог|механик|энергет|архитект|агроном|специалист))",
     "главный"), (r"инж\.", "инженер"), (r"адм\.", "административный"),
    (r"муз\.", "музыка"), (r"мин\.", "минимум"), (r"макс\.", "максимум"), (r"сокр\.", "сокращённо"),
    (r"нач\.", "начало"), (r"кон\.", "конец"),
    (r"серед\.", "середина"), (r"сер\.", "середина"), (r"пн\.", "понедельник"), (r"вт\.", "вторник"),
    (r"чт\.", "четверг"), (r"пт\.", "пятница"), (r"сб\.", "суббота"), (r"P\.\s?S\.", "постскриптум"),
    (r"ст\.\s?м\.", "станция метро"), (r"а/м", "автомобиль"), (r"б/у", "бывший в употреблении"),
    (r"в/о", "высшее образование"), (r"м/ж", "мужчина или женщина"), (r"руб\.", "рублей"), (r"коп\.", "копеек"),
    (r"чел\.", "человек"), (r"тыс\.", "тысяч"), (r"млн\.?", "миллионов"), (r"млрд\.?", "миллиардов"),
    (r"шт\.", "штук"), (r"долл\.", "долларов"), (r"эл\.\s?почта", "электронная почта"), (r"кол-во", "количество"),
    (r"кол-ва", "количества"), (r"мин-во", "министерство"), (r"мин-ва", "министерства"), (r"мин-ву", "министерству"),
    (r"канд\.(?=\s[а-яё.\s-]{0,20}наук)", "кандидат"), (r"п/п", "по порядку"), (r"кв\.(?=\sметр)", "квадратных"),
    (r"им\.(?=\s?[А-ЯЁ])", "имени"), (r"ж/д", "железнодорожный"), (r"р/с", "расчётный счёт"), (r"ч/б", "чёрно-белый"),
    (r"х/б", "хлопчатобумажный"), (r"примеч\.", "примечание"), (r"ф-но", "фортепиано"),
    (r"р-р", "раствор"), (r"р-ра", "раствора"),
    (r"м\.(?=\s?\"?[А-ЯЁ])", "метро"),
    (r"вит\.(?=\s[A-ZА-Я](?!\w))", "витамин"), (r"г\.\s?о\.(?=\s[А-ЯЁ])", "городской округ"), (r"кв-л", "квартал"),
    (r"р-н(?=\s[А-ЯЁ])", "район"),
    (r"а/п", "аэропорт"), (r"к/т", "кинотеатр"), (r"н/д", "нет данных"), (r"ж/б", "железобетонный"),
    (r"изд-во", "издательство"), (r"изд-ва", "издательства"), (r"изд-ве", "издательстве"),
 (r"ин-т", "институт"), (r"ин-та", "института"),
    (r"ин-те", "институте"), (r"з-д", "завод"), (r"з-да", "завода"), (r"з-ду", "заводу"), (r"з-де", "заводе"),
    (r"ф-ка", "фабрика"), (r"ф-ки", "фабрики"), (r"ф-ке", "фабрике"), (r"ф-т", "факультет"),
    (r"ф-та", "факультета"), (r"ф-те", "факультете"),
    (r"б-ка", "библиотека"), (r"б-ки", "библиотеки"), (r"б-ке", "библиотеке"), (r"о-во", "общество"),
    (r"о-ва", "общества"), (r"вх\.(?=\s(?:№|номер))", "входящий"), (r"исх\.(?=\s(?:№|номер))", "исходящий"),
    (r"ун-т", "университет"), (r"ун-та", "университета"), (r"ун-те", "университете"),
    (r"в\sсут\.?", "в сутки"), (r"в\sнед\.", "в неделю"), (r"в\sмес\.", "в месяц"), (r"в\sмин\.", "в минуту"),
    (r"в\sсек\.", "в секунду"),
)  # fmt: skip
_DECLINED = frozenset(("телефон", "область", "станция метро", "заместитель", "начало", "конец", "середина", "район"))
_OF_NOUN = frozenset(("заместитель", "начало", "конец", "середина"))
_ADJECTIVES = {
    "сельскохозяйственный",
    "железнодорожный",
    "железобетонный",
    "областной",
    "мобильный",
    "административный",
    "чёрно-белый",
    "хлопчатобумажный",
    "главный",
    "старший",
    "младший",
}
_DESCRIBED = re.compile(r'\s?["(]?([а-яё]{2,30})(?!\w|\.\s?[а-яё])')


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
    r"(?<![\w.-])(?:([А-Яа-яёЁPS]{1,8})(?=[./-])|([Ии]|[Вв]|[Дд]о|[Пп]од)(?=\s(?:т|пр|мн|др|н|ред|ср|сут|нед|мес|мин|сек)\.)|(млн|млрд)(?!\w))"
)
_SHORTENED = shortened((*_BY_FIRST, "пр", "мн", "др", "н", "т", "ред", "ср", "сут", "нед", "мес", "мин", "сек"))


class PhraseRule:
    """Looks each candidate up by its first word."""

    name = "abbreviation"
    triggers: frozenset[str] | None = frozenset("./-м")
    patterns = (_CANDIDATE,)
    gate = None
    word_gates = (
        WordGate(lambda word: _SHORTENED.test(word) or "млн" in word or "млрд" in word, re.compile("[./-]|мл")),
    )

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        edits: list[Edit] = []
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
    if spoken in ("минимум", "максимум") and written.isupper():
        return None  # a name in capitals at the end of a sentence
    if spoken == "метро" and '"' not in text[match.end() : match.end() + 2]:
        before = last_word(text, match.start())
        if before and part_of_speech(before) != "PREP":
            return None
    if spoken in ("в минуту", "в секунду") and not last_word(text, match.start()):
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
        spoken = "так " + _agreeing("называемый", text, match.start(), match.end())
    elif spoken == "и другие":
        spoken = "и " + _others(text, match.end())
    elif spoken in _ADJECTIVES:
        spoken = _agreeing(spoken, text, match.start(), match.end())
    if spoken in _DECLINED:
        head, _space, tail = spoken.partition(" ")
        before = last_word(text, match.start())
        of_noun = (
            spoken in _OF_NOUN and part_of_speech(before) == "NOUN" and not any(f.proper for f in forms(before)[:1])
        )
        case = "gent" if of_noun else free_case(text, match.start())
        spoken = inflect(head, case, "sing") + (f" {tail}" if tail else "")
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
        "зам", "зав", "в т. ч", "в т.ч", "инж", "до н. э", "тел", "ст. м", "ст.м", "вит", "г. о", "г.о", "м",
    )  # fmt: skip


def _agreeing(adjective: str, text: str, start: int, pos: int) -> str:
    word = _DESCRIBED.match(text, pos)
    form = described(word.group(1), text, start) if word else None
    return adjective if form is None else agreeing(adjective, form)


def _others(text: str, pos: int) -> str:
    """ "другие" in the case of a noun that follows ("из Перми и др. городов")."""
    word = _DESCRIBED.match(text, pos)
    readings = [form for form in forms(word.group(1)) if not form.adjective] if word else []
    form = min(readings, key=lambda form: form.number != "plur", default=None)
    return "другие" if form is None else agreeing("другой", form)


RULES: tuple[Rule, ...] = (PhraseRule(),)

# ruff: noqa: E501 - a wording is one line, or it cannot be read
"""Events in Spanish and Chinese, few and plain, so that other alphabets are read and copied too.

The same kind of thing as `events.py` makes in English, from hand-written wordings.
"""

import random

from . import names
from .event import Event
from .names import chance
from .words import listed

_MADE = (
    ("publicó", "publicado"), ("escribió", "escrito"), ("compuso", "compuesto"), ("pintó", "pintado"),
    ("construyó", "construido"), ("fundó", "fundado"), ("diseñó", "diseñado"), ("abrió", "abierto"),
    ("descubrió", "descubierto"), ("inventó", "inventado"), ("encontró", "encontrado"),
    ("restauró", "restaurado"), ("vendió", "vendido"), ("dirigió", "dirigido"), ("tocó", "tocado"),
)  # fmt: skip
_KINDS = listed(
    "volcán río lago puente libro museo teatro pueblo monte castillo barco instrumento mercado"
    " palacio parque camino árbol jardín cuadro edificio"
)
_MOST = listed("alto largo grande antiguo ancho profundo pequeño conocido pesado rápido")
_MONTHS = listed(
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
_PLURALS = listed(
    "cuerdas puertas torres calles habitantes páginas islas arcos teclas salas alumnos"
)
_FIGURES = (
    ("altura", "height"),
    ("longitud", "length"),
    ("superficie", "area"),
    ("peso", "weight"),
)


def spanish(rng: random.Random) -> Event:
    """An event in Spanish."""
    who, where, what = names.person(rng), names.place(rng), names.thing(rng)
    year = names.year(rng)
    day = f"{rng.randint(1, 31)} de {rng.choice(_MONTHS)} de {year}"
    kind, most = rng.choice(_KINDS), rng.choice(_MOST)
    draw = rng.random()
    if draw < 0.4:
        did, done = rng.choice(_MADE)
        mark = rng.choice(("", "*"))
        text = rng.choice((
            f"{who} {did} en {where}, en {year}, su {mark}{what}{mark}.",
            f"En {year} {who} {did} {mark}{what}{mark} en {where}.",
            f"{what} fue {done} por {who} en {year} en {where}.",
        ))  # fmt: skip
        asked = [
            (rng.choice((f"¿En qué año {did} {who} {rng.choice(('su ', ''))}{what}?", f"¿En qué año fue {done} {what}?")), year),
            (rng.choice((f"¿Quién {did} {what}?", f"¿Por quién fue {done} {what}?")), who),
            (rng.choice((f"¿Dónde {did} {who} {what}?", f"¿En qué ciudad fue {done} {what}?")), where),
            (rng.choice((f"¿Qué {did} {who} en {year}?", f"¿Qué {kind} {did} {who}?")), what),
        ]  # fmt: skip
        lacking = [f"¿Cuánto costó {what}?", f"¿Cuándo murió {who}?", f"¿Cuántas {rng.choice(_PLURALS)} tiene {what}?"]  # fmt: skip
    elif draw < 0.6:
        text = rng.choice((
            f"{who} nació en {where} el {day}, {names.count(rng)} años antes que {names.person(rng)}.",
            f"{who}, autor de {what}, nació en {where} el {day}.",
            f"El {day} nació en {where} {who}, que vivió en {names.place(rng)}.",
        ))  # fmt: skip
        asked = [
            (rng.choice((f"¿Dónde nació {who}?", f"¿Dónde nació {who}, el autor de {what}?", f"¿En qué ciudad nació {who}?")), where),
            (rng.choice((f"¿Cuándo nació {who}?", f"¿En qué fecha nació {who}?")), day),
            (f"¿En qué año nació {who}?", year),
        ]  # fmt: skip
        lacking = [
            f"¿Dónde murió {who}?",
            f"¿Cómo se llamaba la madre de {who}?",
            f"¿Quién fue el maestro de {who}?",
        ]
    elif draw < 0.8:
        top = f"{names.thing(rng)}"
        text = rng.choice((
            f"El {top} es el {kind} más {most} de {where}.", f"{top} es el {kind} más {most} de {where}, según {who}.",
            f"El {kind} más {most} de {where} es {top}.",
        ))  # fmt: skip
        asked = [(rng.choice((f"¿Cuál es el {kind} más {most} de {where}?", f"¿Cómo se llama el {kind} más {most} de {where}?",
                              f"¿Qué {kind} es el más {most} de {where}?")), top)]  # fmt: skip
        lacking = [
            f"¿Cuál es el {rng.choice(_KINDS)} más {rng.choice(_MOST)} de {names.place(rng)}?",
            f"¿Quién descubrió el {kind}?",
        ]
    else:
        figure, family = rng.choice(_FIGURES)
        size, many, units = names.quantity(rng, family), names.count(rng), rng.choice(_PLURALS)
        text = rng.choice(
            (
                f"{what} tiene una {figure} de {size} y {many} {units}.",
                f"La {figure} de {what} es de {size}; tiene {many} {units}.",
            )
        )
        asked = [(rng.choice((f"¿Cuál es la {figure} de {what}?", f"¿Qué {figure} tiene {what}?")), size),
                 (f"¿Cuántas {units} tiene {what}?", many)]  # fmt: skip
        lacking = [
            f"¿Quién {rng.choice(_MADE)[0]} {what}?",
            f"¿En qué año fue {rng.choice(_MADE)[1]} {what}?",
        ]
    return Event(text[0].upper() + text[1:], "sentence", asked, [rng.choice(lacking)])


_MEASURES = (
    ("高", "米"), ("长", "公里"), ("宽", "米"), ("深", "米"), ("面积", "平方公里"), ("人口", "万"), ("海拔", "米"),
    ("全长", "千米"), ("容量", "立方米"), ("直径", "米"), ("桥长", "米"), ("塔高", "米"), ("水深", "米"), ("重", "吨"),
)  # fmt: skip
_DEEDS = listed("通车 建成 开放 成立 出版 完工 开工 发现 落成 启用")
_BY = listed("设计 建造 创立 发现 发明 撰写 绘制 主持")
_PARTS = listed("首都 省会 主峰 支流 作者 创始人 源头 校长 馆长 主桥 最高峰 旧名 别名")
_SPOTS = listed("山脉 山 城市 省 国家 河流 湖 高原 海 岛 县")


def _word(rng: random.Random) -> str:
    if chance(rng, 0.5):
        return names.han(rng)
    return "".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(rng.randint(2, 4)))


def chinese(rng: random.Random) -> Event:
    """An event in Chinese."""
    about, who, where, other = (_word(rng) for _ in range(4))
    draw = rng.random()
    lacking = [
        f"谁{rng.choice(_BY)}了{about}？",
        f"{about}{rng.choice(_MEASURES)[0]}多少？",
        f"{about}是哪一年{rng.choice(_DEEDS)}的？",
    ]
    if draw < 0.4:
        (one, unit), (two, unit_two) = rng.sample(_MEASURES, 2)
        first, second = f"{names.integer(rng)}{unit}", f"{names.integer(rng)}{unit_two}"
        host = rng.choice(("", f"{other}上的", f"{other}的"))
        text = rng.choice((f"{about}位于{where}，{one}{first}，{two}{second}，是{other}最大的{who}。", f"{about}{one}{first}，{two}{second}。",
                           f"{about}在{where}，{one}约{first}，{two}{second}。"))  # fmt: skip
        asked = [
            (rng.choice((f"{host}{about}{one}多少？", f"{host}{about}的{one}是多少？")), first),
            (f"{host}{about}{two}多少？", second),
        ]
        if where in text:
            asked.append(
                (
                    rng.choice(
                        (
                            f"{about}位于哪里？",
                            f"{about}在哪里？",
                            f"{about}在哪个{rng.choice(_SPOTS)}？",
                        )
                    ),
                    where,
                )
            )
        lacking = [lacking[0], lacking[2]]
    elif draw < 0.7:
        done, by = rng.choice(_DEEDS), rng.choice(_BY)
        year = f"{rng.randint(1000, 2024)}年"
        date = f"{year}{rng.randint(1, 12)}月{rng.randint(1, 31)}日" if chance(rng, 0.6) else year
        text = rng.choice(
            (
                f"{about}于{date}{done}，由{who}{by}。",
                f"{date}，{who}{by}的{about}{done}。",
                f"{about}由{who}{by}，{date}{done}，位于{where}。",
            )
        )
        asked = [(rng.choice((f"{about}是哪一年{done}的？", f"{about}{done}于哪一年？")), year), (rng.choice((f"谁{by}了{about}？", f"{about}是谁{by}的？")), who),
                 (f"{about}是什么时候{done}的？", date)]  # fmt: skip
        lacking = [lacking[1]]
    else:
        part, spot = rng.choice(_PARTS), rng.choice(_SPOTS)
        text, asked = rng.choice((
            (f"{about}的{part}是{who}，在{where}附近。", [(rng.choice((f"{about}的{part}是什么？", f"{about}的{part}是谁？", f"{about}的{part}叫什么？")), who)]),
            (f"{about}发源于{where}的{who}，源头在{other}附近。", [(f"{about}发源于哪座{spot}？", who), (f"{about}发源于哪里？", f"{where}的{who}")]),
            (f"{about}流经{where}，注入{who}。", [(f"{about}注入哪个{spot}？", who), (f"{about}流入什么{spot}？", who)]),
            (f"{who}是{about}最大的{spot}。", [(f"{about}最大的{spot}是什么？", who), (f"{about}最大的{spot}是哪个？", who)]),
        ))  # fmt: skip
    return Event(text, "sentence", asked, [rng.choice(lacking)])

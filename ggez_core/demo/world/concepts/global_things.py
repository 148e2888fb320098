"""Things known all over the world: musical instruments, vehicles, household things, tools and sports gear."""

from __future__ import annotations

import math
from itertools import pairwise

from ..pen import Color, Pen, Point, arc_points, shade, smooth
from ..registry import concept

BLACK, DARK, WHITE = "#1e1f24", "#3a3d45", "#fbfaf5"
STEEL, SILVER, GLASS = "#8e98a3", "#c3cad1", "#a9d7ee"
WOOD, GOLD, SUN = "#b9763a", "#d9a514", "#ffd84a"


def _wheel(pen: Pen, x: float, y: float, r: float, hub: Color = SILVER) -> None:
    """A rubber tyre with a hub cap."""
    pen.circle(x, y, r, BLACK)
    pen.circle(x, y, r * 0.52, hub)


@concept(
    "guitar", aspect="music",
    names={"en": "guitar", "id": "gitar", "ms": "gitar", "th": "กีตาร์", "vi": "đàn ghi ta", "fil": "gitara",
           "km": "ហ្គីតា", "lo": "ກີຕາ", "my": "ဂစ်တာ", "ta": "கிட்டார்", "zh": "吉他", "pt": "guitarra"},
)
def guitar(pen: Pen) -> None:
    wood = shade(pen.rng.choice(["#d98a3d", "#c56f2b", "#e0a055"]), pen.rng.uniform(0.95, 1.05))
    with pen.at(0, 0.02, 1.06, 32):
        half = [(0.24, -0.06), (0.33, 0.08), (0.27, 0.26), (0.38, 0.44), (0.44, 0.66), (0.3, 0.88)]
        pen.blob([(0, -0.1), *half, (0, 0.94), *[(-x, y) for x, y in reversed(half)]], wood, "#6b3a16", 0.05)
        pen.rect(-0.07, -0.75, 0.07, 0.3, "#3b2415")
        pen.circle(0, 0.3, 0.15, "#2a180d", "#f3d9a8", 0.03)
        pen.rect(-0.2, 0.62, 0.2, 0.7, "#3b2415")
        pen.polygon([(-0.08, -0.72), (-0.13, -1.0), (0.13, -1.0), (0.08, -0.72)], "#5a3218")
        for y in (-0.94, -0.86, -0.78):
            pen.line([(-0.2, y), (-0.13, y)], SILVER, 0.05)
            pen.line([(0.13, y), (0.2, y)], SILVER, 0.05)
        pen.line([(-0.025, -0.75), (-0.025, 0.64)], "#f3e6c8", 0.03)
        pen.line([(0.035, -0.75), (0.035, 0.64)], "#f3e6c8", 0.03)


@concept(
    "piano", aspect="music",
    names={"en": "piano", "id": "piano", "ms": "piano", "th": "เปียโน", "vi": "đàn piano", "fil": "piyano",
           "km": "ព្យាណូ", "lo": "ເປຍໂນ", "my": "စန္ဒရား", "ta": "பியானோ", "zh": "钢琴", "pt": "piano", "tet": "pianu"},
)
def piano(pen: Pen) -> None:
    case = shade("#22222a", pen.rng.uniform(0.9, 1.3))
    curve = smooth([(0, -0.86), (0.25, -0.6), (0.6, -0.5), (0.84, -0.3)], closed=False)
    lid = [(-0.86, -0.1), (-0.86, -0.92), (-0.3, -0.95), *curve]
    pen.polygon([*lid, (0.86, -0.1)], case)
    with pen.at(-0.02, -0.06, 0.87):
        pen.polygon([*lid, (0.86, -0.1)], "#a8692f")
    for x in (-0.76, 0.76):
        pen.polygon([(x - 0.1, 0.3), (x + 0.1, 0.3), (x + 0.05, 0.94), (x - 0.05, 0.94)], case)
    pen.rect(-0.13, 0.4, 0.13, 0.76, case)
    for x in (-0.07, 0.07):
        pen.line([(x, 0.76), (x, 0.86)], GOLD, 0.07)
    pen.rect(-0.36, -0.46, 0.36, -0.12, WHITE)
    for y in (-0.37, -0.25):
        pen.line([(-0.28, y), (0.28, y)], DARK, 0.03)
    pen.rect(-0.95, -0.16, 0.95, 0.48, case, radius=0.06)
    pen.rect(-0.83, 0.02, 0.83, 0.37, WHITE)
    for k in range(11):
        x = -0.83 + 1.66 * (k + 1) / 12
        pen.line([(x, 0.02), (x, 0.36)], "#9a9a9a", 0.03)
        if k % 7 not in (2, 6):
            pen.rect(x - 0.05, 0.02, x + 0.05, 0.23, BLACK)


@concept(
    "drum", aspect="music",
    names={"en": "drum", "id": "drum", "ms": "dram", "th": "กลอง", "vi": "cái trống", "fil": "tambol", "km": "ស្គរ",
           "lo": "ກອງ", "my": "ဗုံ", "ta": "மேளம்", "zh": "小鼓", "pt": "tambor", "tet": "tambor"},
)
def drum(pen: Pen) -> None:
    top, bottom = -0.2, 0.58
    pen.rect(-0.78, top, 0.78, bottom, pen.color)
    pen.segment(0, bottom, 0.78, 0.26, 0, 180, pen.color)
    cords = [(-0.78 + 1.56 * k / 8, (top + 0.16 + 0.12 * math.sin(math.pi * k / 8),
                                     bottom + 0.24 * math.sin(math.pi * k / 8))[k % 2])
             for k in range(9)]
    pen.line(cords, WHITE, 0.06)
    pen.arc(0, bottom, 0.78, 0.26, 0, 180, GOLD, 0.12)
    pen.ellipse(0, top, 0.8, 0.28, "#f6efdf", GOLD, 0.12)
    for x0, x1 in ((0.9, -0.1), (-0.9, 0.1)):
        pen.line([(x0, -0.85), (x1, top)], "#8a5426", 0.085)
        pen.circle(x1, top, 0.085, "#8a5426")


@concept(
    "trumpet", aspect="music",
    names={"en": "trumpet", "id": "trompet", "ms": "trompet", "th": "ทรัมเป็ต", "vi": "kèn trumpet", "fil": "trumpeta",
           "km": "ត្រុំប៉ែត", "lo": "ແຕ", "my": "ခရာ", "ta": "டிரம்பெட்", "zh": "小号", "pt": "trompete"},
)
def trumpet(pen: Pen) -> None:
    brass, dark = shade("#e8b321", pen.rng.uniform(0.92, 1.05)), "#a8750c"
    with pen.at(0, 0.06, 1, -14):
        for paint, extra in ((dark, 0.05), (brass, 0.0)):
            pen.line([(-0.86, -0.2), (0.4, -0.2)], paint, 0.09 + extra)
            loop = [*arc_points(0.28, 0.1, 0.22, 0.24, -90, 90), *arc_points(-0.42, 0.1, 0.22, 0.24, 90, 270)]
            pen.line([*loop, (0.28, -0.14)], paint, 0.09 + extra)
        flare = smooth([(0.3, -0.26), (0.6, -0.31), (0.8, -0.42), (0.93, -0.62)], closed=False)
        mirrored = [(x, -0.4 - y) for x, y in reversed(flare)]
        pen.polygon([*flare, *mirrored], brass, dark, 0.03)
        pen.ellipse(0.93, -0.2, 0.1, 0.43, "#f6d97a", dark, 0.03)
        pen.polygon([(-0.96, -0.31), (-0.82, -0.24), (-0.82, -0.16), (-0.96, -0.09)], "#d9dde0", dark)
        for x in (-0.28, -0.06, 0.16):
            pen.rect(x - 0.062, -0.36, x + 0.062, 0.44, "#f8df86", dark, 0.03)
            pen.line([(x, -0.36), (x, -0.5)], SILVER, 0.05)
            pen.line([(x - 0.05, -0.52), (x + 0.05, -0.52)], WHITE, 0.08)


@concept(
    "bicycle", aspect="transport",
    names={"en": "bicycle", "id": "sepeda", "ms": "basikal", "th": "จักรยาน", "vi": "xe đạp", "fil": "bisikleta",
           "km": "កង់", "lo": "ລົດຖີບ", "my": "စက်ဘီး", "ta": "மிதிவண்டி", "zh": "自行车", "pt": "bicicleta",
           "tet": "bisikleta"},
)
def bicycle(pen: Pen) -> None:
    rear, front, crank, seat, head = (-0.54, 0.32), (0.54, 0.32), (-0.08, 0.34), (-0.25, -0.3), (0.34, -0.3)
    turn = pen.rng.uniform(0, 45)
    for x, y in (rear, front):
        for k in range(4):
            a = math.radians(45 * k + turn)
            dx, dy = 0.4 * math.cos(a), 0.4 * math.sin(a)
            pen.line([(x - dx, y - dy), (x + dx, y + dy)], STEEL, 0.03)
        pen.circle(x, y, 0.4, None, BLACK, 0.085)
        pen.circle(x, y, 0.06, BLACK)
    pen.line([rear, seat, head, crank, rear], pen.color, 0.085)
    pen.line([crank, seat, (-0.3, -0.48)], pen.color, 0.085)
    pen.line([front, head, (0.28, -0.56)], pen.color, 0.085)
    pen.line([(0.28, -0.58), (0.5, -0.6), (0.56, -0.48)], BLACK, 0.085)
    pen.line([(-0.46, -0.52), (-0.18, -0.5)], BLACK, 0.13)
    pen.circle(*crank, 0.11, DARK)
    pen.line([(-0.16, 0.54), crank, (0.0, 0.14)], DARK, 0.05)


@concept(
    "car", aspect="transport",
    names={"en": "car", "id": "mobil", "ms": "kereta", "th": "รถยนต์", "vi": "ô tô", "fil": "kotse", "km": "រថយន្ត",
           "lo": "ລົດຍົນ", "my": "မော်တော်ကား", "ta": "கார்", "zh": "汽车", "pt": "automóvel", "tet": "karreta"},
)
def car(pen: Pen) -> None:
    paint, dark = pen.color, shade(pen.color, 0.7)
    pen.blob([(-0.62, 0.0), (-0.5, -0.34), (-0.36, -0.48), (0.06, -0.5), (0.3, -0.4), (0.58, 0.0), (0.2, 0.12),
              (-0.4, 0.12)], paint)
    pen.blob([(-0.95, 0.1), (-0.86, -0.08), (-0.5, -0.12), (0.5, -0.1), (0.85, 0.0), (0.97, 0.2), (0.94, 0.4),
              (0.5, 0.45), (-0.5, 0.45), (-0.93, 0.4)], paint)
    pen.polygon([(-0.5, -0.08), (-0.36, -0.38), (-0.1, -0.4), (-0.1, -0.08)], GLASS)
    pen.polygon([(0.0, -0.08), (0.0, -0.4), (0.18, -0.36), (0.42, -0.08)], GLASS)
    pen.line([(-0.05, -0.06), (-0.05, 0.34)], dark, 0.035)
    pen.line([(0.06, 0.06), (0.18, 0.06)], dark, 0.05)
    pen.ellipse(0.88, 0.14, 0.08, 0.07, SUN)
    pen.rect(-0.95, 0.06, -0.86, 0.2, "#c0201c" if paint[0] < 190 else "#7d1010")
    pen.line([(-0.9, 0.38), (0.93, 0.38)], dark, 0.07)
    for x in (-0.54, 0.54):
        _wheel(pen, x, 0.4, 0.23)


@concept(
    "airplane", aspect="transport",
    names={"en": "airplane", "id": "pesawat terbang", "ms": "kapal terbang", "th": "เครื่องบิน", "vi": "máy bay",
           "fil": "eroplano", "km": "យន្តហោះ", "lo": "ເຮືອບິນ", "my": "လေယာဉ်ပျံ", "ta": "விமானம்", "zh": "飞机",
           "pt": "avião", "tet": "aviaun"},
)
def airplane(pen: Pen) -> None:
    edge = "#7d8791"
    with pen.at(0, 0, 1, -16):
        pen.polygon([(0.06, -0.1), (-0.36, -0.7), (-0.14, -0.7), (0.44, -0.1)], "#b4bcc4", edge)
        pen.polygon([(-0.9, -0.62), (-0.68, -0.62), (-0.4, -0.08), (-0.76, 0.0)], pen.color)
        body = [(-0.94, -0.1), (-0.5, -0.2), (0.5, -0.2), (0.8, -0.14), (0.98, 0.03), (0.8, 0.17), (0.4, 0.21),
                (-0.4, 0.17)]
        pen.blob(body, WHITE, edge, 0.04)
        pen.polygon([(0.74, -0.11), (0.88, -0.04), (0.74, -0.02)], DARK)
        for k in range(7):
            pen.circle(-0.42 + 0.16 * k, -0.05, 0.045, "#3f6f9c")
        pen.polygon([(-0.9, -0.03), (-0.62, -0.03), (-0.8, 0.2), (-0.96, 0.2)], pen.color)
        pen.rect(0.0, 0.22, 0.34, 0.42, pen.color, shade(pen.color, 0.65), 0.03, 0.08)
        pen.polygon([(-0.1, 0.06), (0.38, 0.06), (-0.22, 0.8), (-0.5, 0.8)], "#cfd6dc", edge, 0.04)


@concept(
    "bus", aspect="transport",
    names={"en": "bus", "id": "bus", "ms": "bas", "th": "รถบัส", "vi": "xe buýt", "fil": "bus", "km": "ឡានក្រុង",
           "lo": "ລົດເມ", "my": "ဘတ်စ်ကား", "ta": "பேருந்து", "zh": "公交车", "pt": "autocarro", "tet": "autokarru"},
)
def bus(pen: Pen) -> None:
    paint, dark = pen.color, shade(pen.color, 0.65)
    pen.rect(-0.95, -0.56, 0.95, 0.5, paint, dark, 0.04, 0.12)
    pen.rect(-0.9, 0.22, 0.92, 0.34, WHITE)
    for k in range(4):
        pen.rect(-0.86 + 0.34 * k, -0.4, -0.58 + 0.34 * k, 0.0, GLASS, dark, 0.03)
    pen.rect(0.52, -0.4, 0.74, 0.46, "#cfe6f2", dark, 0.04)
    pen.line([(0.63, -0.38), (0.63, 0.44)], dark, 0.03)
    pen.rect(0.8, -0.4, 0.95, 0.06, GLASS)
    pen.circle(0.88, 0.28, 0.06, SUN)
    pen.rect(-0.7, -0.64, -0.1, -0.54, dark)
    for x in (-0.52, 0.32):
        _wheel(pen, x, 0.5, 0.2)


@concept(
    "steam_train", aspect="transport",
    names={"en": "steam train", "id": "kereta uap", "ms": "lokomotif wap", "th": "รถไฟไอน้ำ", "vi": "tàu hỏa hơi nước",
           "fil": "tren", "km": "រថភ្លើងចំហាយទឹក", "lo": "ລົດໄຟໄອນ້ຳ", "my": "မီးရထား", "ta": "நீராவி ரயில்",
           "zh": "蒸汽火车", "pt": "comboio a vapor", "tet": "komboiu"},
)
def steam_train(pen: Pen) -> None:
    iron, paint = "#2b2f36", pen.rng.choice(["#2f6b3c", "#24549a", "#2b2f36"])
    for x, y, r in ((0.56, -0.78, 0.15), (0.34, -0.84, 0.18), (0.06, -0.8, 0.2), (-0.2, -0.86, 0.13)):
        pen.circle(x, y + pen.rng.uniform(-0.04, 0.04), r, "#e9ecef", "#b4babf", 0.03)
    pen.rect(-0.3, -0.3, 0.74, 0.22, paint, radius=0.1)
    for x in (0.0, 0.34):
        pen.line([(x, -0.3), (x, 0.22)], GOLD, 0.05)
    pen.polygon([(0.5, -0.3), (0.44, -0.62), (0.74, -0.62), (0.68, -0.3)], iron)
    pen.line([(0.44, -0.62), (0.74, -0.62)], "#c8312b", 0.08)
    pen.pie(0.12, -0.28, 0.13, 0.16, 180, 360, GOLD)
    pen.rect(-0.86, -0.5, -0.28, 0.3, "#c8312b")
    pen.rect(-0.94, -0.6, -0.2, -0.48, iron)
    pen.rect(-0.74, -0.38, -0.42, -0.06, "#ffe9a8", iron, 0.04)
    pen.rect(-0.92, 0.2, 0.84, 0.38, iron)
    pen.polygon([(0.74, 0.26), (0.97, 0.7), (0.66, 0.7)], "#c8312b")
    pen.circle(0.76, -0.06, 0.09, SUN, iron)
    for x, r in ((-0.62, 0.27), (-0.06, 0.27), (0.42, 0.2)):
        pen.circle(x, 0.72 - r, r, "#c8312b", iron, 0.07)
        pen.circle(x, 0.72 - r, 0.07, GOLD)
    pen.line([(-0.62, 0.5), (-0.06, 0.5)], SILVER, 0.06)
    pen.line([(-0.95, 0.77), (0.97, 0.77)], "#6f665c", 0.07)


@concept(
    "sailboat", aspect="transport",
    names={"en": "sailboat", "id": "perahu layar", "ms": "perahu layar", "th": "เรือใบ", "vi": "thuyền buồm",
           "fil": "barkong de-layag", "km": "ទូកក្ដោង", "lo": "ເຮືອໃບ", "my": "ရွက်လှေ", "ta": "பாய்மரப் படகு",
           "zh": "帆船", "pt": "veleiro"},
)
def sailboat(pen: Pen) -> None:
    pen.line([(0.02, -0.94), (0.02, 0.45)], "#6d4524", 0.06)
    main = smooth([(0.08, -0.9), (0.46, -0.4), (0.76, 0.3)], closed=False)
    pen.polygon([*main, (0.08, 0.3)], WHITE, "#9aa5af", 0.035)
    pen.polygon([*smooth([(-0.05, -0.78), (-0.32, -0.3), (-0.66, 0.3)], closed=False), (-0.05, 0.3)], pen.color,
                shade(pen.color, 0.7))
    for y in (-0.3, 0.0):
        pen.line([(0.1, y), (0.5 + 0.45 * (y + 0.3), y)], "#c3ccd4", 0.03)
    pen.polygon([(-0.86, 0.42), (0.9, 0.42), (0.6, 0.78), (-0.6, 0.78)], "#8f4f22")
    pen.line([(-0.86, 0.44), (0.9, 0.44)], WHITE, 0.08)
    wave = smooth([(-0.96 + 0.192 * k, 0.73 + (0.05, -0.05)[k % 2]) for k in range(11)], closed=False)
    pen.polygon([*wave, *arc_points(0, 0.76, 0.96, 0.2, 0, 180)], "#2f80c4")
    pen.line(wave, "#8fc7ee", 0.05)


@concept(
    "rocket", aspect="sky",
    names={"en": "rocket", "id": "roket", "ms": "roket", "th": "จรวด", "vi": "tên lửa", "fil": "rocket", "km": "រ៉ុក្កែត",
           "lo": "ຈະຫຼວດ", "my": "ဒုံးပျံ", "ta": "ராக்கெட்", "zh": "火箭", "pt": "foguetão"},
)
def rocket(pen: Pen) -> None:
    red, tip = "#d6322b", pen.rng.uniform(0.9, 1.0)
    with pen.at(0, 0, 1, 24):
        pen.blob([(0, tip), (-0.2, 0.66), (-0.14, 0.44), (0.14, 0.44), (0.2, 0.66)], "#f58a1f")
        pen.blob([(0, tip - 0.14), (-0.1, 0.62), (-0.07, 0.46), (0.07, 0.46), (0.1, 0.62)], SUN)
        for side in (-1, 1):
            pen.polygon([(side * 0.24, 0.08), (side * 0.6, 0.46), (side * 0.6, 0.74), (side * 0.2, 0.46)], red,
                        "#8f1a16")
        hull = smooth([(0, -0.96), (0.24, -0.6), (0.32, -0.12), (0.2, 0.46)], closed=False)
        hull = [*hull, *[(-x, y) for x, y in reversed(hull)]]
        pen.polygon(hull, "#f1f3f5", "#7d8791", 0.04)
        nose: list[Point] = [(x, y) for x, y in hull if y < -0.56]
        pen.polygon(nose, red)
        pen.circle(0, -0.22, 0.15, "#4aa3df", DARK, 0.06)
        pen.rect(-0.22, 0.34, 0.22, 0.48, DARK)


@concept(
    "hot_air_balloon", aspect="sky",
    names={"en": "hot air balloon", "id": "balon udara", "ms": "belon udara panas", "th": "บอลลูน",
           "vi": "khinh khí cầu", "fil": "hot air balloon",
           "km": "បាឡុងខ្យល់ក្ដៅ", "lo": "ບານລູນ", "my": "မိုးပျံပူဖောင်း",
           "ta": "வெப்பக்காற்று பலூன்", "zh": "热气球", "pt": "balão de ar quente"},
)
def hot_air_balloon(pen: Pen) -> None:
    other = pen.rng.choice([WHITE, "#ffe066"])
    for x in (-0.2, 0.2):
        pen.line([(x * 1.5, 0.3), (x * 0.8, 0.72)], DARK, 0.035)

    def gore(left: float, right: float, fill: Color) -> None:
        edge = [(0.0, -0.95), (0.5, -0.8), (0.7, -0.36), (0.56, 0.06), (0.26, 0.42)]
        rim = [smooth([(x * k, y) for x, y in edge], closed=False) for k in (left, right)]
        pen.polygon([*rim[0], *reversed(rim[1])], fill)

    for k, (left, right) in enumerate(((-1, -0.72), (-0.72, -0.26), (-0.26, 0.26), (0.26, 0.72), (0.72, 1))):
        gore(left, right, (pen.color, other)[k % 2])
    pen.rect(-0.27, 0.37, 0.27, 0.46, shade(pen.color, 0.7))
    pen.polygon([(-0.2, 0.68), (0.2, 0.68), (0.16, 0.96), (-0.16, 0.96)], "#94602c", "#5b3713", 0.04)
    pen.line([(-0.17, 0.8), (0.17, 0.8)], "#c8924f", 0.04)


@concept(
    "umbrella", aspect="household",
    names={"en": "umbrella", "id": "payung", "ms": "payung", "th": "ร่ม", "vi": "cái ô", "fil": "payong", "km": "ឆ័ត្រ",
           "lo": "ຄັນຮົ່ມ", "my": "ထီး", "ta": "குடை", "zh": "雨伞", "pt": "guarda-chuva"},
)
def umbrella(pen: Pen) -> None:
    dark = shade(pen.color, 0.72)
    pen.line([(0, -0.92), (0, 0.66)], DARK, 0.07)
    pen.arc(0.16, 0.66, 0.16, 0.22, 0, 180, "#7a4a22", 0.1)
    dome = arc_points(0, 0.08, 0.94, 0.88, 180, 360)
    scallops = [p for k in range(4) for p in arc_points(0.705 - 0.47 * k, 0.08, 0.235, 0.13, 360, 180, 8)]
    pen.polygon([*dome, *scallops], pen.color, dark, 0.035)
    inner = [*arc_points(0, 0.08, 0.47, 0.88, 180, 360), *scallops[9:27]]
    pen.polygon(inner, shade(pen.color, 1.22), dark, 0.035)
    pen.line([(0, -0.78), (0, 0.06)], dark, 0.035)
    pen.line([(0, -0.94), (0, -0.8)], DARK, 0.06)


@concept(
    "chair", aspect="household",
    names={"en": "chair", "id": "kursi", "ms": "kerusi", "th": "เก้าอี้", "vi": "cái ghế", "fil": "silya", "km": "កៅអី",
           "lo": "ຕັ່ງອີ້", "my": "ကုလားထိုင်", "ta": "நாற்காலி", "zh": "椅子", "pt": "cadeira", "tet": "kadeira"},
)
def chair(pen: Pen) -> None:
    wood = shade(pen.rng.choice([WOOD, "#8a5328", "#d0924f"]), pen.rng.uniform(0.95, 1.05))
    dark = shade(wood, 0.68)
    for leg in ([(-0.1, 0.1), (-0.1, 0.68)], [(0.56, 0.1), (0.56, 0.68)]):
        pen.line(leg, dark, 0.11)
    pen.line([(-0.38, -0.88), (-0.38, 0.12)], dark, 0.11)
    for x in (-0.16, 0.06, 0.28):
        pen.line([(x, -0.8), (x, 0.06)], wood, 0.07)
    pen.line([(0.52, -0.88), (0.52, 0.12)], dark, 0.11)
    pen.rect(-0.46, -0.95, 0.6, -0.7, wood, dark, 0.04, 0.08)
    pen.line([(-0.52, 0.3), (-0.52, 0.92)], dark, 0.12)
    pen.line([(0.3, 0.3), (0.3, 0.92)], dark, 0.12)
    pen.polygon([(-0.4, 0.04), (0.64, 0.04), (0.42, 0.32), (-0.62, 0.32)], shade(wood, 1.15), dark, 0.04)
    pen.polygon([(-0.62, 0.32), (0.42, 0.32), (0.42, 0.42), (-0.62, 0.42)], wood, dark, 0.03)


@concept(
    "table_lamp", aspect="household",
    names={"en": "table lamp", "id": "lampu meja", "ms": "lampu meja", "th": "โคมไฟตั้งโต๊ะ", "vi": "đèn bàn",
           "fil": "lampara sa mesa", "km": "ចង្កៀងតុ", "lo": "ໂຄມໄຟຕັ້ງໂຕະ", "my": "စားပွဲတင်မီးအိမ်", "ta": "மேசை விளக்கு",
           "zh": "台灯", "pt": "candeeiro de mesa"},
)
def table_lamp(pen: Pen) -> None:
    dark = shade(pen.color, 0.7)
    pen.polygon([(-0.62, 0.0), (0.62, 0.0), (0.86, 0.62), (-0.86, 0.62)], "#fff3b8")
    pen.ellipse(0, 0.84, 0.42, 0.12, dark)
    pen.blob([(-0.08, 0.1), (0.08, 0.1), (0.24, 0.42), (0.1, 0.72), (0.24, 0.84), (-0.24, 0.84), (-0.1, 0.72),
              (-0.24, 0.42)], pen.color, dark)
    pen.line([(0, 0.14), (0, -0.1)], GOLD, 0.08)
    pen.circle(0, 0.03, 0.13, "#fffbe0", "#e5b62e", 0.03)
    pen.polygon([(-0.34, -0.88), (0.34, -0.88), (0.68, 0.0), (-0.68, 0.0)], "#f6d77c", "#b98a25", 0.04)
    pen.line([(-0.38, -0.84), (0.38, -0.84)], "#d9a93b", 0.06)
    pen.line([(0.4, 0.0), (0.4, 0.3)], DARK, 0.03)
    pen.circle(0.4, 0.33, 0.05, DARK)


@concept(
    "alarm_clock", aspect="household",
    names={"en": "alarm clock", "id": "jam weker", "ms": "jam loceng", "th": "นาฬิกาปลุก", "vi": "đồng hồ báo thức",
           "fil": "alarm clock", "km": "នាឡិការោទ៍", "lo": "ໂມງປຸກ", "my": "နှိုးစက်နာရီ", "ta": "அலாரக் கடிகாரம்",
           "zh": "闹钟", "pt": "despertador"},
)
def alarm_clock(pen: Pen) -> None:
    dark = shade(pen.color, 0.65)
    for side in (-1, 1):
        pen.line([(side * 0.36, 0.6), (side * 0.56, 0.92)], dark, 0.13)
        with pen.at(side * 0.48, -0.58, 1, side * 38):
            pen.pie(0, 0.06, 0.32, 0.3, 180, 360, SILVER, DARK, 0.035)
            pen.line([(0, -0.24), (0, -0.32)], DARK, 0.07)
    pen.line([(0, -0.5), (0, -0.84)], DARK, 0.06)
    pen.rect(-0.12, -0.94, 0.12, -0.8, DARK)
    pen.circle(0, 0.14, 0.68, pen.color, dark, 0.04)
    pen.circle(0, 0.14, 0.52, WHITE)
    for k in range(12):
        a = math.radians(30 * k)
        pen.circle(0.43 * math.cos(a), 0.14 + 0.43 * math.sin(a), (0.028, 0.05)[k % 3 == 0], DARK)
    for length, width in ((0.24, 0.08), (0.36, 0.06)):
        a = pen.rng.uniform(0, 2 * math.pi)
        pen.line([(0, 0.14), (length * math.cos(a), 0.14 + length * math.sin(a))], BLACK, width)
    pen.circle(0, 0.14, 0.06, "#d6322b")


@concept(
    "key", aspect="household",
    names={"en": "key", "id": "kunci", "ms": "kunci", "th": "กุญแจ", "vi": "chìa khóa", "fil": "susi", "km": "កូនសោ",
           "lo": "ກະແຈ", "my": "သော့တံ", "ta": "சாவி", "zh": "钥匙", "pt": "chave", "tet": "xave"},
)
def key(pen: Pen) -> None:
    metal = shade(pen.rng.choice([GOLD, "#c99a2e", "#aeb6be"]), pen.rng.uniform(0.95, 1.05))
    dark, tooth = shade(metal, 0.55), pen.rng.uniform(0.26, 0.32)
    with pen.at(-0.02, 0.02, 1.06, -38):
        for paint, extra in ((dark, 0.06), (metal, 0.0)):
            pen.circle(-0.56, 0, 0.3, None, paint, 0.16 + extra)
            pen.line([(-0.24, 0), (0.92, 0)], paint, 0.14 + extra)
            for x, y in ((0.52, 0.22), (0.68, 0.16), (0.86, tooth)):
                pen.line([(x, 0.05), (x, y)], paint, 0.11 + extra)
        pen.rect(-0.24, -0.12, -0.1, 0.12, metal, dark, 0.03)


@concept(
    "scissors", aspect="tool",
    names={"en": "scissors", "id": "gunting", "ms": "gunting", "th": "กรรไกร", "vi": "cái kéo", "fil": "gunting",
           "km": "កន្ត្រៃ", "lo": "ມີດຕັດ", "my": "ကတ်ကြေး", "ta": "கத்தரிக்கோல்", "zh": "剪刀", "pt": "tesoura"},
)
def scissors(pen: Pen) -> None:
    spread = pen.rng.uniform(17, 24)
    for side in (1, -1):
        with pen.at(0, 0.12, 1.05, side * spread, flip=side < 0):
            pen.polygon([(-0.08, 0.12), (0.09, 0.12), (0.09, -0.6), (0.03, -0.96), (-0.07, -0.5)], SILVER, "#66707a",
                        0.035)
            pen.line([(0, 0.14), (0.0, 0.34)], pen.color, 0.14)
            pen.ellipse(0.0, 0.56, 0.18, 0.25, None, pen.color, 0.12)
    pen.circle(0, 0.12, 0.07, DARK)


@concept(
    "hammer", aspect="tool",
    names={"en": "hammer", "id": "palu", "ms": "tukul", "th": "ค้อน", "vi": "cái búa", "fil": "martilyo", "km": "ញញួរ",
           "lo": "ຄ້ອນຕີ", "my": "တူ", "ta": "சுத்தியல்", "zh": "锤子", "pt": "martelo", "tet": "martelu"},
)
def hammer(pen: Pen) -> None:
    steel, edge = shade("#87919c", pen.rng.uniform(0.9, 1.1)), "#4d565f"
    with pen.at(0.08, 0.06, 1.05, 34):
        pen.polygon([(-0.08, -0.6), (0.08, -0.6), (0.09, 0.2), (0.12, 0.9), (-0.12, 0.9), (-0.09, 0.2)], "#c98a48",
                    "#7d4f22", 0.035)
        pen.rect(-0.12, 0.4, 0.12, 0.92, pen.color, shade(pen.color, 0.65), 0.03, 0.06)
        claw = smooth([(-0.1, -0.8), (-0.36, -0.78), (-0.62, -0.62), (-0.76, -0.36)], closed=False)
        back = smooth([(-0.76, -0.36), (-0.5, -0.5), (-0.28, -0.54), (-0.1, -0.5)], closed=False)
        pen.polygon([*claw, *back], steel, edge, 0.035)
        pen.rect(-0.15, -0.86, 0.17, -0.44, steel, edge, 0.035)
        pen.rect(0.17, -0.76, 0.38, -0.54, steel, edge, 0.03)
        pen.rect(0.38, -0.86, 0.58, -0.44, shade(steel, 1.2), edge, 0.035, 0.05)


@concept(
    "book", aspect="household",
    names={"en": "book", "id": "buku", "ms": "buku", "th": "หนังสือ", "vi": "quyển sách", "fil": "libro", "km": "សៀវភៅ",
           "lo": "ປຶ້ມ", "my": "စာအုပ်", "ta": "புத்தகம்", "zh": "书本", "pt": "livro", "tet": "livru"},
)
def book(pen: Pen) -> None:
    pen.polygon([(-0.97, -0.44), (0, -0.36), (0.97, -0.44), (0.97, 0.68), (0, 0.76), (-0.97, 0.68)], pen.color,
                shade(pen.color, 0.7), 0.04)
    for side in (-1, 1):
        top = smooth([(0, -0.42), (side * 0.24, -0.6), (side * 0.56, -0.62), (side * 0.88, -0.52)], closed=False)
        low = [(x, y + 1.08) for x, y in reversed(top)]
        pen.polygon([*top, *low], WHITE if side < 0 else "#f0ebdc", "#a39a86", 0.03)
        short = pen.rng.randrange(4)
        for k in range(4):
            y, end = -0.38 + 0.22 * k, 0.5 if k == short else 0.76
            pen.curve([(side * 0.14, y + 0.06), (side * 0.36, y), (side * end, y + 0.02)], "#6d7078", 0.045)
    pen.line([(0, -0.42), (0, 0.68)], "#8f8672", 0.05)


@concept(
    "mug", aspect="household",
    names={"en": "mug", "id": "cangkir", "ms": "cawan", "th": "แก้วมัค", "vi": "cái cốc", "fil": "tasa", "km": "ពែង",
           "lo": "ຈອກ", "my": "မတ်ခွက်", "ta": "குவளை", "zh": "杯子", "pt": "caneca"},
)
def mug(pen: Pen) -> None:
    dark = shade(pen.color, 0.68)
    for x in (-0.36, -0.08, 0.2):
        y = -0.62 + pen.rng.uniform(-0.04, 0.04)
        pen.curve([(x, y + 0.2), (x - 0.08, y + 0.04), (x + 0.08, y - 0.14), (x, y - 0.3)], "#b9bec6", 0.065)
    pen.ellipse(0.54, 0.26, 0.3, 0.32, None, dark, 0.2)
    pen.ellipse(0.54, 0.26, 0.3, 0.32, None, pen.color, 0.13)
    pen.polygon([(-0.7, -0.26), (0.54, -0.26), (0.52, 0.72), *arc_points(-0.08, 0.72, 0.6, 0.2, 0, 180),
                 (-0.68, 0.72)], pen.color, dark, 0.035)
    pen.polygon([(-0.56, -0.06), (-0.44, -0.03), (-0.42, 0.74), (-0.53, 0.7)], shade(pen.color, 1.35))
    pen.ellipse(-0.08, -0.26, 0.63, 0.2, WHITE, dark, 0.04)
    pen.ellipse(-0.08, -0.24, 0.5, 0.13, "#5a3219")


@concept(
    "bottle", aspect="household",
    names={"en": "bottle", "id": "botol", "ms": "botol", "th": "ขวด", "vi": "cái chai", "fil": "bote", "km": "ដប",
           "lo": "ຂວດ", "my": "ပုလင်း", "ta": "பாட்டில்", "zh": "瓶子", "pt": "garrafa", "tet": "botir"},
)
def bottle(pen: Pen) -> None:
    green = shade(pen.rng.choice(["#1f5b34", "#2c6a2e", "#234f3f"]), pen.rng.uniform(0.9, 1.15))
    half = smooth([(0.12, -0.7), (0.13, -0.42), (0.2, -0.26), (0.38, -0.08), (0.41, 0.14)], closed=False)
    half = [*half, (0.41, 0.88), (0.34, 0.97)]
    pen.polygon([*half, *[(-x, y) for x, y in reversed(half)]], green, shade(green, 0.55), 0.035)
    pen.line([(-0.28, 0.02), (-0.28, 0.88)], shade(green, 1.9), 0.05)
    pen.rect(-0.12, -0.96, 0.12, -0.56, "#8e1b2b")
    pen.rect(-0.15, -0.96, 0.15, -0.84, "#a82538")
    pen.rect(-0.42, 0.2, 0.42, 0.74, "#f5ead0")
    for k, x in enumerate((-0.14, 0.0, 0.14, -0.07, 0.07, 0.0)):
        pen.circle(x, (0.38, 0.49, 0.6)[(k > 2) + (k > 4)], 0.075, "#6d2a6b")
    pen.line([(0, 0.34), (0.04, 0.27)], "#4a7a2c", 0.05)


@concept(
    "soccer_ball", aspect="sport",
    names={"en": "soccer ball", "id": "bola sepak", "ms": "bola sepak", "th": "ลูกฟุตบอล", "vi": "quả bóng đá",
           "fil": "bola ng soccer", "km": "បាល់ទាត់", "lo": "ໝາກບານເຕະ", "my": "ဘောလုံး", "ta": "கால்பந்து", "zh": "足球",
           "pt": "bola de futebol"},
)
def soccer_ball(pen: Pen) -> None:
    turn = pen.rng.uniform(-20, 20)
    pen.circle(0, 0, 0.88, WHITE)

    def at(angle: float, r: float) -> Point:
        a = math.radians(angle + turn - 90)
        return r * math.cos(a), r * math.sin(a)

    pen.polygon([at(72 * k, 0.3) for k in range(5)], BLACK)
    for k in range(5):
        seam = 72 * k
        pen.line([at(seam, 0.3), at(seam, 0.58)], DARK, 0.05)
        pen.line([at(seam - 21, 0.7), at(seam, 0.58), at(seam + 21, 0.7)], DARK, 0.05)
        pen.polygon([at(seam + 36 - 14, 0.7), at(seam + 36, 0.6), at(seam + 36 + 14, 0.7), at(seam + 46, 0.87),
                     at(seam + 26, 0.87)], BLACK)
    pen.circle(0, 0, 0.88, None, DARK, 0.06)


@concept(
    "tennis_racket", aspect="sport",
    names={"en": "tennis racket", "id": "raket tenis", "ms": "raket tenis", "th": "ไม้เทนนิส", "vi": "vợt tennis",
           "fil": "raketa ng tennis", "km": "រ៉ាកែតតេន្នីស", "lo": "ໄມ້ຕີເທັນນິສ", "my": "တင်းနစ်ရက်ကက်",
           "ta": "டென்னிஸ் மட்டை", "zh": "网球拍", "pt": "raquete de ténis"},
)
def tennis_racket(pen: Pen) -> None:
    with pen.at(0.0, 0.0, 1.04, 36):
        pen.ellipse(0, -0.42, 0.4, 0.52, "#eef1ea")
        for k in range(-2, 3):
            reach = math.sqrt(1 - (k * 0.135 / 0.4) ** 2) * 0.5
            pen.line([(k * 0.135, -0.42 - reach), (k * 0.135, -0.42 + reach)], "#8e979f", 0.03)
            reach = math.sqrt(1 - (k * 0.17 / 0.52) ** 2) * 0.38
            pen.line([(-reach, -0.42 + k * 0.17), (reach, -0.42 + k * 0.17)], "#8e979f", 0.03)
        for side in (-1, 1):
            pen.line([(side * 0.28, -0.02), (0, 0.4)], pen.color, 0.08)
        pen.ellipse(0, -0.42, 0.4, 0.52, None, pen.color, 0.1)
        pen.line([(0, 0.36), (0, 0.5)], pen.color, 0.13)
        pen.line([(0, 0.5), (0, 0.96)], BLACK, 0.16)
    pen.circle(0.62, 0.6, 0.24, "#cfe23a", "#93a51c", 0.03)
    pen.arc(0.82, 0.46, 0.24, 0.24, 110, 220, WHITE, 0.045)


@concept(
    "glasses", aspect="household",
    names={"en": "glasses", "id": "kacamata", "ms": "cermin mata", "th": "แว่นตา", "vi": "kính mắt",
           "fil": "salamin sa mata", "km": "វ៉ែនតា", "lo": "ແວ່ນຕາ", "my": "မျက်မှန်", "ta": "மூக்குக்கண்ணாடி", "zh": "眼镜",
           "pt": "óculos", "tet": "ókulu"},
)
def glasses(pen: Pen) -> None:
    frame = shade(pen.color, 0.75)
    for side in (-1, 1):
        pen.curve([(side * 0.86, 0.06), (side * 0.92, -0.24), (side * 0.72, -0.56), (side * 0.56, -0.5)], frame, 0.09)
        pen.circle(side * 0.48, 0.18, 0.38, "#dff1f8", frame, 0.12)
        pen.line([(side * 0.48 - 0.18, 0.24), (side * 0.48 + 0.06, -0.02)], WHITE, 0.07)
    pen.arc(0, 0.14, 0.14, 0.13, 180, 360, frame, 0.1)


@concept(
    "sneaker", aspect="clothing",
    names={"en": "sneaker", "id": "sepatu olahraga", "ms": "kasut sukan", "th": "รองเท้าผ้าใบ", "vi": "giày thể thao",
           "fil": "sapatos", "km": "ស្បែកជើងកីឡា", "lo": "ເກີບກິລາ", "my": "အားကစားဖိနပ်", "ta": "விளையாட்டுக் காலணி",
           "zh": "运动鞋", "pt": "sapatilha", "tet": "sapatu"},
)
def sneaker(pen: Pen) -> None:
    dark = shade(pen.color, 0.65)
    upper = smooth([(-0.84, -0.44), (-0.5, -0.3), (-0.2, -0.5), (0.1, -0.2), (0.5, 0.04), (0.86, 0.16), (0.94, 0.4)],
                   closed=False)
    pen.polygon([(-0.86, 0.4), (-0.9, 0.0), *upper], pen.color, dark, 0.04)
    pen.pie(0.68, 0.42, 0.26, 0.3, 180, 360, WHITE, dark, 0.03)
    pen.polygon([(-0.2, -0.5), (-0.06, -0.64), (0.06, -0.5), (0.02, -0.34)], shade(pen.color, 1.2), dark, 0.03)
    for k in range(4):
        x, y = -0.02 + 0.13 * k, -0.3 + 0.1 * k
        pen.line([(x + 0.06, y - 0.03), (x - 0.12, y + 0.16)], WHITE, 0.06)
    pen.curve([(-0.66, 0.06), (-0.42, 0.28), (-0.1, 0.16), (0.14, -0.04)], WHITE, 0.1)
    pen.rect(-0.93, 0.36, 0.97, 0.6, "#f7f5ee", DARK, 0.035, 0.1)
    pen.line([(-0.86, 0.48), (0.9, 0.48)], dark, 0.045)


@concept(
    "camera", aspect="household",
    names={"en": "camera", "id": "kamera", "ms": "kamera", "th": "กล้องถ่ายรูป", "vi": "máy ảnh", "fil": "kamera",
           "km": "ម៉ាស៊ីនថតរូប", "lo": "ກ້ອງຖ່າຍຮູບ", "my": "ကင်မရာ", "ta": "கேமரா", "zh": "照相机",
           "pt": "máquina fotográfica"},
)
def camera(pen: Pen) -> None:
    body = shade("#33363d", pen.rng.uniform(0.85, 1.2))
    pen.polygon([(-0.34, -0.4), (-0.22, -0.7), (0.22, -0.7), (0.34, -0.4)], SILVER, DARK, 0.035)
    pen.rect(-0.76, -0.58, -0.5, -0.4, DARK, radius=0.05)
    pen.rect(-0.95, -0.46, 0.95, 0.66, body, BLACK, 0.03, 0.12)
    pen.rect(-0.95, -0.46, 0.95, -0.22, SILVER, DARK, 0.03, 0.1)
    pen.rect(0.54, -0.4, 0.84, -0.26, "#fff6c9", DARK, 0.03)
    pen.circle(-0.74, -0.06, 0.07, "#e23b32")
    pen.circle(0, 0.14, 0.48, "#d6dbe0", BLACK, 0.05)
    pen.circle(0, 0.14, 0.36, "#17191d")
    pen.circle(0, 0.14, 0.23, "#2f4f8c")
    pen.circle(-0.08, 0.05, 0.08, "#d7e8ff")


@concept(
    "lighthouse", aspect="landmark",
    names={"en": "lighthouse", "id": "mercusuar", "ms": "rumah api", "th": "ประภาคาร", "vi": "hải đăng",
           "fil": "parola", "km": "ប៉មភ្លើងហ្វារ", "lo": "ປະພາຄານ", "my": "မီးပြတိုက်", "ta": "கலங்கரை விளக்கம்", "zh": "灯塔",
           "pt": "farol", "tet": "farol"},
)
def lighthouse(pen: Pen) -> None:
    red = shade("#d6322b", pen.rng.uniform(0.9, 1.1))
    for side in (-1, 1):
        pen.polygon([(side * 0.1, -0.62), (side * 0.96, -0.86), (side * 0.96, -0.34)], SUN)
    pen.blob([(-0.8, 0.96), (-0.6, 0.74), (-0.2, 0.66), (0.3, 0.68), (0.66, 0.76), (0.82, 0.96)], "#7b7266",
             "#544d44", 0.03)
    edges = [-0.42 + 0.24 * k for k in range(6)]
    for k, (y0, y1) in enumerate(pairwise(edges)):
        w0, w1 = (0.2 + 0.14 * (y + 0.42) for y in (y0, y1))
        pen.polygon([(-w0, y0), (w0, y0), (w1, y1), (-w1, y1)], (red, WHITE)[k % 2])
    pen.line([(-0.2, -0.42), (-0.37, 0.78)], "#8d4a44", 0.03)
    pen.line([(0.2, -0.42), (0.37, 0.78)], "#8d4a44", 0.03)
    pen.pie(0, 0.78, 0.11, 0.26, 180, 360, DARK)
    pen.rect(-0.16, -0.76, 0.16, -0.44, "#fff3a6", DARK, 0.04)
    pen.rect(-0.32, -0.48, 0.32, -0.38, DARK)
    pen.polygon([(-0.24, -0.74), (0, -0.98), (0.24, -0.74)], red)

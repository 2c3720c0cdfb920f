"""云栖花园: an invented compound of two phases, its houses, owners and the people who look after them.

Names, numbers and addresses belong to nobody: the telephone numbers start with 1990000, which is not handed out.
"""

from __future__ import annotations

from dataclasses import dataclass

from producers.simulator.dice import Dice

PROJECT = "云栖花园"
"""As the estate is called: what people read on the wall is what the sources send."""
REGION = "杭州"

CALL_CENTRE = "call-centre"
"""呼叫中心: complaints, inquiries, return visits."""
PROPERTY = "property-desk"
"""物业报修系统: repairs and all that follows from them."""
SALES = "sales-crm"
"""销售系统: what sales promised."""
SOURCES = (CALL_CENTRE, PROPERTY, SALES)

_SURNAMES = "陈林黄周吴徐孙朱马胡郭何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁沈任姚卢"
_GIVEN = [
    "雨桐",
    "子墨",
    "建国",
    "晓岚",
    "思远",
    "文静",
    "志强",
    "海燕",
    "嘉怡",
    "明哲",
    "丽华",
    "俊杰",
    "雅琴",
    "浩然",
    "秀英",
    "天佑",
    "若曦",
    "国栋",
    "梦洁",
    "永康",
    "晨曦",
    "玉兰",
    "博文",
    "诗涵",
    "振华",
    "芳菲",
    "鹏飞",
    "静怡",
    "宏伟",
    "欣然",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A house with its owner, as a source system knows them."""

    house_id: str
    phase_id: str
    address: str
    number: str
    """The owner's number at the property company."""
    name: str
    phone: str
    owner_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who does it: role code of domain.md 1.1 and a reference that names nobody."""

    role: str
    ref: str


def houses(seed: int) -> tuple[House, ...]:
    """The 96 houses of the estate."""
    made = []
    for index in range(96):
        dice = Dice(seed, "house", index)
        building, rest = divmod(index, 12)
        floor, door = 2 + rest // 2 * 3 + dice.between(0, 2), 1 + rest % 2
        room = f"{floor}{door:02d}"
        phase = 1 if building < 4 else 2
        phase_id = f"{PROJECT}{'一二'[phase - 1]}期"
        made.append(
            House(
                house_id=f"{building + 1}-1-{room}",
                phase_id=phase_id,
                address=f"{phase_id}{building + 1}幢1单元{room}室",
                number=f"KH{20230001 + index * 7}",
                name=dice.pick(_SURNAMES) + dice.pick(_GIVEN),
                phone=f"1990000{1000 + index * 83 % 9000:04d}",
                owner_type="break_in" if phase == 2 else "established",
            )
        )
    return tuple(made)


FRONT_DESK = tuple(Staff(role="cs_front_desk", ref=f"qt-{n:02d}") for n in (1, 2, 3))
CS_STAFF = tuple(Staff(role="cs_staff", ref=f"kf-{n:02d}") for n in (1, 2, 3, 4))
SPECIALIST = tuple(Staff(role="cs_specialist", ref=f"zy-{n:02d}") for n in (1, 2))
SUPERVISOR = (Staff(role="cs_supervisor", ref="zg-01"),)
ENGINEERS = tuple(Staff(role="warranty_engineer", ref=f"bx-{n:02d}") for n in (1, 2, 3))
CREWS = tuple(Staff(role="repair_crew", ref=f"wx-{n:02d}") for n in (1, 2, 3))
NIGHT = (Staff(role="property_monitor", ref="jk-01"),)
SALES_REPS = tuple(Staff(role="sales_rep", ref=f"xs-{n:02d}") for n in (1, 2))

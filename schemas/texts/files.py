"""Of files: YAML, and how the files of a profile stand together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FILES: Final[Mapping[str, tuple[str, str]]] = {
    "yaml.syntax": (
        "不是合法的 YAML：请检查此行和上一行的缩进（只用空格）、半角冒号及其后的空格、引号与括号是否成对",
        "not YAML: {reason}",
    ),
    "yaml.deep": ("嵌套超过 {levels} 层", "nested deeper than {levels} levels"),
    "yaml.anchor": (
        "不支持锚点与别名（& 和 *），请把内容写全",
        "anchors and aliases are not understood here; write it out",
    ),
    "yaml.tag": (
        "不支持 {tag} 这样的标签，请删去",
        "tags such as {tag} are not understood here; take it out",
    ),
    "yaml.key": ("键须为一个词", "a key is a plain word"),
    "yaml.twice": (
        "键 {key} 重复（首次在第 {line} 行），请只留一处",
        "the key {key} stands twice (first in line {line}); keep one of them",
    ),
    "yaml.float": (
        '这里没有小数，请用引号把数字写成文本："{value}"',
        'there are no floats here; write the figure in quotes: "{value}"',
    ),
    "file.missing": ("没有这个文件或目录", "no such file or folder"),
    "file.encoding": (
        "第 {byte} 字节起不是 UTF-8，请另存为 UTF-8",
        "not UTF-8 at byte {byte}; save it as UTF-8",
    ),
    "file.empty": (
        "没有键值内容；请写 policies: 及其下的各项责任",
        "holds no mapping; write policies: and the obligations below it",
    ),
    "file.yml": ("只读取 .yaml 文件，请改名", "only files that end in .yaml are read; rename it"),
    "file.no_profile": (
        "目录中没有 profile.yaml；profile、version 和 effective_from 写在其中",
        "no profile.yaml here; it says profile, version and effective_from",
    ),
    "file.not_here": (
        "此文件只能写 policies:；请写到 profile.yaml",
        "only policies: stands here; write it in profile.yaml",
    ),
    "file.section_twice": (
        "重复（首次在 {place}），请只留一处",
        "stands twice (first in {place}); keep one of them",
    ),
    "file.policies": ("应为政策键与政策的键值", "is not a mapping of keys to policies"),
    "file.key_twice": (
        "该政策键重复（首次在 {place}），请只留一处",
        "the key stands twice (first in {place}); keep one of them",
    ),
    "extends.form": ("请写 default，或文件、目录的路径", "write default, or the path of a folder or file"),
    "extends.circle": ("相互继承成环：{trail}", "a circle of profiles: {trail}"),
    "extends.own": (
        "继承其他政策的文件须自己写明 {missing}",
        "a profile that extends another has its own {missing}",
    ),
}
"""Code -> (Chinese, English)."""

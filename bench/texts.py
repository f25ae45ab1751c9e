"""Descriptions as sellers write them, made from a seed: long enough for a search to be work."""

import itertools
import random
from typing import Final

_CHARACTERS: Final = (
    "的一是不了在人有我他这中大来上个国和也子时道说出要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成者"
    "多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从知使明工已间产期更表条理数系重新各并战则线质"
    "本路解决活应该向程器组结验参断容受环境证规划热冷电源机架网络带宽延迟存储显卡内推训练模型算力租赁集群节点整部署服务稳运维监控"
)
_KNOWN: Final = (
    "推理", "训练", "显存", "算力", "租赁", "北京", "上海", "集群", "整机", "大模型", "参数", "优化器", "激活",
    "前向", "流水线", "并行", "交付", "带宽", "延迟", "机柜", "供电", "冷却", "运维", "合同", "发票", "付款",
    " RTX4090 ", " RTX 4090 ", " A100-80G ", " H100 ", " H100/H200 ", " NVLink ", " PCIe 4.0 ", " 80GB ",
    " 24GB ", " SXM ", " InfiniBand ", " 400Gb/s ", " vLLM ", " CUDA ", " FP16 ", " BF16 ", " INT8 ",
    " TFLOPS ", " 元/件 ", " 11000.00 ", " 7x24 ", " training ", " inference ", " bandwidth ", " memory ",
    " cluster ", " node ", " server ", " batch ", " tokens ", " throughput ", " latency ", " with 20 nodes ",
    " all of the ", " and ", " for ", " GPUs ", " rack ", " power ", " cooling ", " support ", " contract ",
    " monthly ", " hourly ", " price ",
)  # fmt: skip
_WORDS: Final = 4000
_CLAUSES: Final = 30_000
_SHORTEST, _LONGEST = 600, 1500


class Writer:
    """Writes one description after the other, 600 to 1,500 characters, for a seed always the same.

    Words are as unequally common as in real text, the hundredth about twenty times rarer than the
    first; each description holds a number of its seller's own as well.
    """

    def __init__(self, seed: int) -> None:
        self._chance = chance = random.Random(seed)
        words = [
            "".join(chance.choices(_CHARACTERS, k=chance.choice((2, 2, 2, 3))))
            for _ in range(_WORDS)
        ]
        weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(_WORDS)))
        self._clauses = []
        for _ in range(_CLAUSES):
            parts = chance.choices(words, cum_weights=weights, k=chance.randint(3, 9))
            parts += chance.choices(_KNOWN, k=chance.randint(1, 3))
            chance.shuffle(parts)
            self._clauses.append("".join(parts) + chance.choice("，，。；\n"))

    def description(self) -> str:
        """The next one."""
        chance = self._chance
        wanted = chance.randint(_SHORTEST, _LONGEST)
        own = (
            f"编号 {chance.choice('ABCXZ')}{chance.choice('KPQ')}-{chance.randrange(100_000):05}。"
        )
        # A clause has some twenty characters.
        return own + "".join(chance.choices(self._clauses, k=wanted // 10))[: wanted - len(own)]

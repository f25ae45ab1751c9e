"""The closed sets in which offers are described; their words stand in wording.py."""

from enum import StrEnum


class Status(StrEnum):
    """Where a listing is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    LIVE = "live"
    PAUSED = "paused"
    EXPIRED = "expired"
    ARCHIVED = "archived"


class Unit(StrEnum):
    """What one price buys. 件 (item) is whatever the seller says it is: see `item_unit`."""

    ITEM = "item"
    GPU_HOUR = "gpu_hour"
    MACHINE_HOUR = "machine_hour"
    GPU_DAY = "gpu_day"
    MACHINE_DAY = "machine_day"
    GPU_MONTH = "gpu_month"
    MACHINE_MONTH = "machine_month"


class Currency(StrEnum):
    """Currencies in which an offer may be priced (ISO 4217)."""

    CNY = "CNY"
    USD = "USD"
    EUR = "EUR"
    HKD = "HKD"


class Kind(StrEnum):
    """What sort of offer it is: the kinds of Chinese B2B sites, and rental."""

    RENTAL = "rental"
    SUPPLY = "supply"
    SERVICE = "service"
    USED = "used"
    CLEARANCE = "clearance"


class Delivery(StrEnum):
    """As what the compute is handed over: the category of the offer."""

    BARE_METAL = "bare_metal"
    VIRTUAL_MACHINE = "virtual_machine"
    CONTAINER = "container"
    CLUSTER = "cluster"
    HOSTING = "hosting"
    HARDWARE = "hardware"


class Interconnect(StrEnum):
    """How the GPUs of one machine talk to each other."""

    NVSWITCH = "nvswitch"
    NVLINK = "nvlink"
    INFINITY_FABRIC = "infinity_fabric"
    HCCS = "hccs"
    OTHER = "other"
    PCIE = "pcie"


class DiskType(StrEnum):
    """What the machine's disks are."""

    NVME = "nvme"
    SSD = "ssd"
    HDD = "hdd"


class Fabric(StrEnum):
    """The network between machines."""

    INFINIBAND = "infiniband"
    ROCE = "roce"
    ETHERNET = "ethernet"


class TermUnit(StrEnum):
    """In what the shortest and longest rental are counted."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"

"""All tables in one place, for migrations: importing this module registers every model."""

from sqlalchemy import MetaData

import portal.accounts.models
import portal.audit.models
import portal.imports.models
import portal.inquiries.models
import portal.jobs.models
import portal.listings.models
import portal.mail.models
import portal.statistics.models
from portal.database import Base

metadata: MetaData = Base.metadata

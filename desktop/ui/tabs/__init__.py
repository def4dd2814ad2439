"""The tabs: a new one is a new file and one line here."""

from desktop.ui.tab import TABS
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.tabs.jobs import JobsTab
from desktop.ui.tabs.shots import ShotsTab

TABS.add("shots", "Shots", "Download shots by version")(ShotsTab)
TABS.add("gallery", "Gallery", "Download finished videos")(GalleryTab)
TABS.add("jobs", "Jobs", "Follow server jobs and fetch their results")(JobsTab)

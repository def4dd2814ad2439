"""Take pictures of the jobs tab in every state worth a look.

python tests/screenshots/jobs.py [FOLDER] [--theme dark|light] [--only NAME ...]
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desktop.core.connection import parse_connection
from desktop.core.job import Job, JobState, Outcome
from desktop.ui.dialogs.add_job import AddJobDialog
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.dialogs.pack_results import PackDialog
from desktop.ui.dialogs.picture import PictureDialog
from desktop.ui.dialogs.start_job import StartJobDialog
from desktop.ui.tab import Demo
from desktop.ui.tabs.jobs import JobsTab
from tests.screenshots.make import Pictures, main, wait

SERVER = "demo-jobs"
LONG = "-crowd-simulation-wide-angle-alternate-take"


class JobPictures(Pictures):
    """The jobs tab on the demo studio's jobs."""

    @property
    def jobs(self) -> JobsTab:
        """Return the jobs tab."""
        tab = self.window.tabs[2]
        assert isinstance(tab, JobsTab)
        return tab

    def run(self) -> None:
        """Walk through the tab, taking pictures."""
        window, tab = self.window, self.jobs
        window.show()
        self.services.jobs.load()
        window.frame.destination.use(self.home / "shows")
        window.show_tab(2)
        wait(seconds=0.6)
        self.take("jobs-none")
        self._enter("wrong")
        tab.hands.paste(f"{self.studio.jobs.url}/jobs/rec-done")
        wait(lambda: any(job.trouble for job in self.services.jobs.all()))
        self.take("jobs-not-allowed")
        self.services.jobs.remove([job.id for job in self.services.jobs.all()])
        wait(lambda: not self.services.jobs.all())
        self._enter(self.studio.jobs.token)
        wait(seconds=0.3)
        self.take("jobs-empty")
        self._dialogs()
        self._fill()
        for name in ("rec-done", "rec-low-quality"):
            tab.orders.fetch(self._job(name))
        over = (Outcome.UNPACKED, Outcome.HELD)
        wait(lambda: self._outcome("rec-done") in over and self._outcome("rec-low-quality") in over)
        self._show("scene-finished")
        self.take("jobs-list")
        for name in ("rec-failed", "rec-incomplete", "rec-expired", "scene-growing", "rec-running", "nobody-knows"):
            self._show(name)
            self.take(f"jobs-{name}")
        self._results()
        self._broken()

    def _enter(self, token: str) -> None:
        connection, _ = parse_connection(SERVER, self.studio.jobs.url)
        urls = self.studio.urls()
        shots, password = parse_connection("VEGA studio", urls["sftp"])
        self.jobs.doors.enter_demo(Demo(shots, password, None, ((connection, token),)))
        wait(lambda: self.jobs.picker.name() == SERVER)

    def _fill(self) -> None:
        studio, desk = self.studio.jobs, self.services.jobs
        studio.clock.speed = 0
        for kind, names in (
            ("reconstruction", ("rec-expired", "rec-failed", "rec-incomplete", "rec-running", "rec-low-quality")),
            ("scene", ("scene-broken", "scene-many", "scene-growing", "scene-finished")),
            ("reconstruction", ("nobody-knows", "rec-done")),
        ):
            for name in names:
                desk.add(SERVER, kind, name, lambda _job: None, lambda error: sys.exit(str(error)))
        for values in ({"rows": 640, "format": "csv"}, {"rows": 1000, "format": "tsv"}):
            wait(seconds=0.2)
            desk.start(SERVER, "export", values, lambda _job: None, lambda error: sys.exit(str(error)))
        wait(lambda: len(desk.all()) == 13 and all(job.heard for job in desk.all()))
        studio.clock.advance(7)
        desk.refresh([job.id for job in desk.all()])
        wait(seconds=1)

    def _job(self, name: str) -> Job:
        return next(job for job in self.services.jobs.all() if job.remote_id == name)

    def _outcome(self, name: str) -> Outcome | None:
        download = self._job(name).download("results")
        return download.outcome if download is not None else None

    def _show(self, name: str, page: int = 0) -> None:
        self.jobs.view.select((self._job(name).id,))
        wait(seconds=0.3)
        self.jobs.detail.tabs.setCurrentIndex(page)

    def _results(self) -> None:
        tab = self.jobs
        self._show("rec-done")
        wait(lambda: tab.detail.results.preview_model.rowCount() > 0)
        self.take("jobs-unpacked")
        self._show("rec-done", 1)
        wait(seconds=0.8)
        self.take("jobs-previews")
        tab.detail.results.enlarge(1, 1)
        dialog = self.window.findChild(PictureDialog)
        assert dialog is not None
        wait(seconds=0.6)
        self.take("jobs-picture", dialog)
        dialog.close()
        self._show("rec-done", 2)
        self.take("jobs-quality")
        self._show("rec-low-quality")
        wait(lambda: bool(tab.detail.results.models))
        self.take("jobs-held")
        self._show("rec-low-quality", 2)
        self.take("jobs-held-quality")
        self._show("rec-low-quality", 4)
        wait(seconds=0.6)
        self.take("jobs-log")
        self.studio.jobs.clock.advance(20)
        self.services.jobs.refresh([job.id for job in self.services.jobs.all()])
        export = next(job for job in self.services.jobs.all() if job.kind == "export")
        wait(lambda: self._job(export.remote_id).state is JobState.RUNNING)
        self._show(export.remote_id)
        self.take("jobs-export-running")
        self.studio.jobs.clock.advance(40)
        self.services.jobs.refresh([export.id])
        wait(lambda: self._job(export.remote_id).state is JobState.DONE)
        tab.orders.fetch(self._job(export.remote_id))
        wait(lambda: tab.detail.results.has_table)
        self._show(export.remote_id, 3)
        self.take("jobs-table")
        self._show("scene-many")
        tab.orders.plan()
        wait(lambda: tab.pages.currentIndex() == 1)
        self.take("jobs-plan")
        tab.show_list()
        tab.orders.postpone()
        later = self.window.findChild(LaterDialog)
        assert later is not None
        self.take("jobs-later", later)
        later.reject()

    def _dialogs(self) -> None:
        window, desk = self.window, self.services.jobs
        add = AddJobDialog(window.frame, f"{self.studio.jobs.url}/jobs/rec-done", SERVER, "", window)
        add.show()
        self.take("jobs-add", add)
        add.text.setText("rec-2041")
        self.take("jobs-add-id", add)
        add.close()
        export = next(kind for kind in desk.kinds if kind.fields)
        form = StartJobDialog(window.frame, export, SERVER, window)
        form.show()
        form.fetch.setChecked(True)
        self.take("jobs-start", form)
        form.fields["rows"].line.setText("1200")
        self.take("jobs-start-bad", form)
        form.close()
        pack = PackDialog(window.frame, self.studio.jobs.reconstructions.output("rec-incomplete"), window)
        pack.show()
        pack.pack()
        wait(lambda: bool(pack.cards.titles()))
        self.take("jobs-pack", pack)
        pack.close()

    def _broken(self) -> None:
        tab, desk = self.jobs, self.services.jobs
        self._show("rec-running")
        self.studio.jobs.stop()
        desk.refresh([job.id for job in desk.all()])
        wait(lambda: all(job.trouble for job in desk.all()))
        self.take("jobs-offline")
        one = self._job("rec-running")
        states = tuple(JobState)
        many = [
            replace(
                one,
                id=1000 + number,
                kind=("scene", "export", "reconstruction")[number % 3],
                remote_id=f"{number * 7919 % 65536:04x}"
                + ("-crowd-simulation-wide-angle-alternate-take" * (number % 9 == 4)),
                state=states[number % len(states)],
                progress=float(number % 100),
                trouble=None,
                downloads=(),
            )
            for number in range(500)
        ]
        tab.model.fill(many)
        tab._show_body()
        self.take("jobs-many")


if __name__ == "__main__":
    raise SystemExit(main(JobPictures))

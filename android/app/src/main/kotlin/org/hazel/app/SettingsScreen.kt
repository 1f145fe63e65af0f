package org.hazel.app

import kotlinx.coroutines.awaitCancellation
import org.hazel.bridge.Audit
import org.hazel.bridge.AuditReport
import org.hazel.bridge.HazelException
import org.hazel.wallet.code

/** What is seldom needed: backup, devices, errands, a site, a check of everything, and the end of this wallet. */
class SettingsScreen(hall: Hall) : Screen(hall) {
    private var audit: Audit? = null
    private var report: AuditReport? = null
    private var wasStopped = false
    private var wantsWipe = false

    override suspend fun live() {
        draw()
        try {
            awaitCancellation()
        } finally {
            // Everything else in the wallet waits for it: nobody looks at it any more.
            audit?.cancel()
        }
    }

    override fun compose() = Sheet(Text("settings"), buildList {
        add(Line(Text("backup"), Text("backup_under")) { hall.go(BackupScreen(hall)) })
        add(Line(Text("devices"), Text("devices_under")) { hall.go(DevicesScreen(hall, null)) })
        add(Line(Text("errands"), Text("errands_under")) { hall.go(ErrandsScreen(hall, null)) })
        add(Line(Text("site"), Text("site_under")) { hall.go(SiteScreen(hall)) })
        val running = audit
        if (running == null) {
            add(Line(Text("audit"), Text("audit_under"), does = trying(::checkEverything)))
        } else {
            add(Note(Text("auditing")))
            add(Button(Text("audit_stop")) { running.cancel() })
        }
        if (wasStopped) add(Note(Text("audit_stopped")))
        report?.let { addAll(audited(it)) }
        add(Note(Text("permissions_about")))
        add(Switch(Text("want_wipe"), wantsWipe) { wantsWipe = it; draw() })
        if (wantsWipe) add(Button(Text("wipe"), does = trying(::wipe)))
    })

    private suspend fun checkEverything() {
        if (audit != null) return
        report = null
        wasStopped = false
        hall.wallet.run { audit() }.use { begun ->
            audit = begun
            draw()
            try {
                report = hall.wallet.run { begun.run() }
            } catch (stopped: HazelException) {
                if (stopped.code != "stopped") throw stopped
                wasStopped = true
            } finally {
                audit = null
            }
        }
    }

    private suspend fun wipe() {
        hall.wallet.run { wipe() }
        hall.keys.delete()
        KeptLink(hall.file).forget()
        hall.leave()
        hall.begin(exists = false)
    }
}

/** What an audit found. */
internal fun audited(it: AuditReport): List<Note> = buildList {
    add(Note(Text("audited", listOf(Count("n_tallies", it.tallies), Count("n_chits", it.chits), Count("n_signatures", it.signatures)))))
    if (it.findings.isEmpty()) add(Note(Text("audit_well")))
    it.findings.forEach { finding -> add(Note(Plain(finding), warns = true)) }
    if (it.strayPages > 0uL) add(Note(Count("audit_stray", it.strayPages)))
}

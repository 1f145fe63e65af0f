package org.hazel.app

import org.hazel.bridge.AuditReport

/** What is seldom needed: backup, devices, a check of everything, and the end of this wallet. */
class SettingsScreen(hall: Hall) : Screen(hall) {
    private var report: AuditReport? = null
    private var wantsWipe = false

    override fun compose() = Sheet(Text("settings"), buildList {
        add(Line(Text("backup"), Text("backup_under")) { hall.go(BackupScreen(hall)) })
        add(Line(Text("devices"), Text("devices_under")) { hall.go(DevicesScreen(hall, null)) })
        add(Line(Text("audit"), Text("audit_under"), does = trying { report = hall.wallet.run { audit() } }))
        report?.let { found ->
            add(Note(Text("audited", found.tallies.toString(), found.chits.toString(), found.signatures.toString())))
            if (found.findings.isEmpty()) add(Note(Text("audit_well")))
            found.findings.forEach { add(Note(Plain(it), warns = true)) }
        }
        add(Note(Text("permissions_about")))
        add(Switch(Text("want_wipe"), wantsWipe) { wantsWipe = it; draw() })
        if (wantsWipe) add(Button(Text("wipe"), does = trying(::wipe)))
    })

    private suspend fun wipe() {
        hall.wallet.run { wipe() }
        hall.leave()
        hall.begin(exists = false)
    }
}

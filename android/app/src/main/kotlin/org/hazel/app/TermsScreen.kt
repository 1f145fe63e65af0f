package org.hazel.app

import org.hazel.bridge.PageOf
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyPage

/** The terms of an open tally, and what is seldom done: rename, change credit, go on after a restore, end. */
class TermsScreen(hall: Hall, private val tally: String) : Screen(hall) {
    private var page: TallyPage? = null
    private var name = ""
    private var mine = CreditForm("granted", null, ::draw)
    private var wantsEnd = false

    override suspend fun live() = hall.wallet.tally(tally, PageOf(most = 0u)).collect {
        if (page == null) {
            name = it.tally.partner
            mine = CreditForm("granted", it.tally.granted, ::draw)
        }
        page = it
        draw()
    }

    override fun compose(): Sheet {
        val it = page?.tally ?: return Sheet(Text("terms"), emptyList())
        return Sheet(Text("terms_with", it.partner), buildList {
            add(Line(Text("my_half"), Text("half_" + it.side.name.lowercase())))
            add(credit("i_grant", it.granted))
            add(credit("they_grant", it.received))
            add(Line(Text("head"), Plain(check(it.head, it.index))))
            it.met?.let { at -> add(Line(Text("last_met"), Plain(hall.phone.day(at)))) }
            add(Field("name", Text("name_here"), name) { name = it; draw() })
            add(Button(Text("rename"), isOn = name.isNotBlank() && name != it.partner, does = trying { hall.wallet.run { rename(tally, name) } }))
            if (it.stage == Stage.OPEN) {
                addAll(mine.fields("new_credit"))
                val terms = mine.terms()
                add(Button(Text("grant"), isOn = terms != null && terms != it.granted, does = trying { grant() }))
                add(Switch(Text("want_end"), wantsEnd) { wantsEnd = it; draw() })
                if (wantsEnd) add(Button(Text("end_tally"), does = trying { hall.wallet.run { endTally(tally) }; wantsEnd = false }))
            }
            if (it.reconciling) add(Button(Text("go_on"), does = trying { hall.wallet.run { goOn(tally) } }))
            if (it.stage == Stage.OPEN || it.stage == Stage.CLOSING) add(Button(Text("errand_send")) { hall.go(ErrandsScreen(hall, tally)) })
            add(Button(Text("devices")) { hall.go(DevicesScreen(hall, tally)) })
        })
    }

    private suspend fun grant() {
        val terms = mine.terms() ?: return
        hall.wallet.run { grant(tally, terms) }
    }
}

/** What two people compare to see that both phones hold the same order: its length and the beginning of its hash. */
internal fun check(head: String, index: ULong): String = "$index · " + head.take(12).chunked(4).joinToString(" ")

package org.hazel.app

import org.hazel.bridge.Home
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyLine

/** Every tally, those that are over as well. */
class TalliesScreen(hall: Hall) : Screen(hall) {
    private var home: Home? = null
    private var sought = ""

    override suspend fun live() = hall.wallet.home().collect {
        home = it
        draw()
    }

    override fun compose(): Sheet {
        val all = home?.tallies.orEmpty().filter { sought in it.partner.lowercase() }
        val (going, over) = all.partition(::isGoing)
        return Sheet(Text("tallies"), buildList {
            add(Field("sought", Text("search"), sought) { sought = it.trim().lowercase(); draw() })
            going.forEach { add(tallyLine(it, hall)) }
            if (all.isEmpty()) add(Note(Text("tallies_none")))
            if (over.isNotEmpty()) add(Heading(Text("tallies_over")))
            over.forEach { add(tallyLine(it, hall)) }
            add(Button(Text("invite"), isMain = true) { hall.go(InviteScreen(hall)) })
        })
    }
}

internal fun isGoing(tally: TallyLine): Boolean =
    tally.stage != Stage.CLOSED && tally.stage != Stage.REFUSED && tally.stage != Stage.EXPIRED

internal fun tallyLine(it: TallyLine, hall: Hall): Line {
    val partner = if (it.partner.isEmpty()) Text("nobody_yet") else Plain(it.partner)
    return Line(beside(partner, direction(it.balance)), note(it), amount(it.balance)) { hall.go(TallyScreen(hall, it.id)) }
}

/** What must be known about a tally before anything else. */
internal fun note(tally: TallyLine): Said? = when {
    tally.reconciling -> Text("note_restored")
    tally.stage != Stage.OPEN -> Text("stage_" + tally.stage.name.lowercase())
    tally.balance != tally.finalBalance || tally.unordered > 0uL -> Text("note_not_final")
    else -> null
}

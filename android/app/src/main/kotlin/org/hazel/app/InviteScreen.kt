package org.hazel.app

import org.hazel.bridge.Side

/** Invites somebody to a tally: how much credit I grant, and who grants first. */
class InviteScreen(hall: Hall) : Screen(hall) {
    private val credit = CreditForm("granted", null, ::draw)
    private var grantsFirst = true

    override fun compose() = Sheet(Text("invite"), buildList {
        add(Note(Text("invite_about")))
        addAll(credit.fields("i_grant"))
        add(Switch(Text("i_hold_stock"), grantsFirst) { grantsFirst = it; draw() })
        add(Button(Text("show_invitation_button"), isMain = true, isOn = credit.terms() != null, does = trying(::invite)))
    })

    private suspend fun invite() {
        val terms = credit.terms() ?: return
        val side = if (grantsFirst) Side.STOCK else Side.FOIL
        val invitation = hall.wallet.run { invite(side, terms, DAY) }
        hall.instead(CodeScreen(hall, invitation.code, Text("show_invitation")))
    }

    private companion object {
        /** Seconds for which an invitation is good: it is meant for somebody who stands here. */
        const val DAY: ULong = 86_400u
    }
}

package org.hazel.app

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.hazel.bridge.HazelException
import org.hazel.bridge.Wallet
import org.hazel.bridge.finishWipe
import org.hazel.wallet.code

/** Opens the wallet. The key store may ask for a finger; whoever says no may try again. */
class OpenScreen(hall: Hall) : Screen(hall) {
    private var isLost = false

    override suspend fun live() = trying(::open)()

    override fun compose() = Sheet(Text("app"), buildList {
        add(Button(Text("open_again"), isMain = true, isOn = !isLost, does = trying(::open)))
        // Another finger was enrolled, or the key is gone: only the words bring it back.
        if (isLost) add(Button(Text("restore"), isMain = true) { hall.go(RestoreScreen(hall)) })
    })

    private suspend fun open() {
        try {
            hall.enter(withContext(Dispatchers.IO) { Wallet.open(hall.file, hall.keys, null) })
        } catch (refused: HazelException) {
            // The app was killed while it destroyed its wallet: the rest is destroyed now.
            if (refused.code == "wrong_file") {
                withContext(Dispatchers.IO) { finishWipe(hall.file) }
                return hall.begin(exists = false)
            }
            isLost = refused.code == "invalidated" || refused.code == "corrupt"
            throw refused
        }
    }
}

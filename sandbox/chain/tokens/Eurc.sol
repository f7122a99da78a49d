// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FiatToken} from "./FiatToken.sol";

/// @title EURC on Arc: an ordinary FiatToken
/// @notice One log per transfer, and FiatToken's own words for a blocked address.
contract Eurc is FiatToken {
    function name() external pure override returns (string memory) {
        return "EURC";
    }

    function symbol() external pure override returns (string memory) {
        return "EURC";
    }

    function _mayMove(
        address from,
        address to
    ) internal view override notBlacklisted(from) notBlacklisted(to) {}

    function _moved(address from, address to, uint256 value) internal override {}
}
